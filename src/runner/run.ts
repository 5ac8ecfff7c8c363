import { join } from 'node:path'
import { ConfigError, type PrerequisiteError } from '../core/errors.ts'
import { makeFolder } from '../core/make-folder.ts'
import type { Cell } from '../matrix/cell.ts'
import type { ShardOfPlan } from '../matrix/shard.ts'
import type { Waiver } from '../matrix/waivers.ts'
import { newRunId } from '../platforms/name.ts'
import { loadPlatform } from '../platforms/open-platform.ts'
import type { RunEvent } from '../results/event.ts'
import type { NotSelectedCell } from '../results/not-selected.ts'
import { exitCodeOf, type Status, worstStatus } from '../results/status.ts'
import type { Check } from '../testing/check.ts'
import { refuseUnknownChecks, refuseUnknownSelections } from './plan/check-waivers.ts'
import { EventLog } from './event-log.ts'
import type { Executor } from './schedule/executor.ts'
import { BUILT_IN_CHECKS, type CheckFiles, findCheckFiles, loadCheckFiles } from './checks/load-checks.ts'
import { localExecutor } from './schedule/local-executor.ts'
import { pacedCells } from './schedule/pace.ts'
import { type CellPlan, planCell } from './plan/plan.ts'
import { withoutHarm } from './plan/apply-skips.ts'
import { firstEvent, holdRun, recordOf } from './begin-run.ts'
import { claimsOfPlan } from './schedule/gate.ts'
import type { LastKnownOf } from './plan/not-selected.ts'
import { resumeFrom } from './resume.ts'
import type { Keep, RunContext } from './run-context.ts'
import { forgetRun, rememberRun } from './run-record.ts'
import { type ExpectedSeconds, shortestLast } from './schedule/shortest-last.ts'
import type { SpendSettings } from './schedule/spend-settings.ts'

export interface RunOptions {
  cells: readonly Cell[]
  excluded?: readonly { id: string; reason: string }[]
  /** Folder that receives a folder for this run. */
  reportsDir: string
  /** Cells at the same time. */
  concurrency: number
  /** Who works on the cells. Default this process. */
  executor?: Executor
  /** Default `never`. */
  keep?: Keep
  waivers?: readonly Waiver[]
  /** Whether a cell that passes only when it is judged again makes the run fail. Default `allow`: it is shown and counted. */
  flaky?: 'allow' | 'block'
  /** Cancels the run: what is going on ends, what was made is removed, the exit code is 130. */
  signal?: AbortSignal
  /** Sees every event after it was written. Must not throw. */
  onEvent?: (event: RunEvent) => void
  /** Told in the report. Default `process.argv` without the interpreter. */
  argv?: readonly string[]
  runId?: string
  /** Goes on with the run `runId` below `reportsDir`, whose process is gone: finished cells are not repeated. */
  resume?: boolean
  /** Cells that rules of this run left out on purpose, for the report. */
  notSelected?: readonly NotSelectedCell[]
  /** What earlier runs know, for checks that are not selected. */
  lastKnown?: LastKnownOf
  /** Quotas, prices and hard stops. */
  spend?: SpendSettings
  /** Set when `cells` are only a part of a plan, whose other parts run elsewhere. */
  shard?: ShardOfPlan
  /** The shortest cells begin last. Absent: all begin in the order of the plan. */
  expectedSeconds?: ExpectedSeconds
  /** Folders with checks for every cell. Default: those the harness brings along. */
  builtInChecks?: readonly string[]
}

export interface RunResult {
  status: Status
  exitCode: number
  runId: string
  runDir: string
  /** Why the report is not whole: its disk is full, for example. Then the run was ended early. */
  unwritable?: PrerequisiteError
}

/** Plans of cells that come from a matrix, with the checks each of them judges by. */
export interface PlannedRun {
  plans: CellPlan[]
  checksOf: RunContext['checksOf']
}

/** Decides for every cell what it judges. Launches nothing. @throws ConfigError for checks that cannot be loaded and unknown platforms */
export async function planRun(
  cells: readonly Cell[],
  builtIn: readonly string[] = BUILT_IN_CHECKS,
  waivers: readonly Waiver[] = [],
  last?: LastKnownOf,
): Promise<PlannedRun> {
  const bySet = new Map<string, { files: CheckFiles; checks: Map<string, Check> }>()
  const plans: CellPlan[] = []
  for (const cell of cells) {
    const key = cell.checks.join('\n')
    let known = bySet.get(key)
    if (!known) {
      const files = await findCheckFiles(cell.checks, builtIn)
      known = { files, checks: await loadCheckFiles(files) }
      bySet.set(key, known)
    }
    const { manifest } = await loadPlatform(cell.platform)
    plans.push(withoutHarm(planCell(cell, known.checks.values(), new Set(manifest.capabilities), last), waivers))
  }
  const ids = [...bySet.values()].flatMap(({ checks }) => [...checks.keys()])
  refuseUnknownChecks(waivers, cells, ids)
  refuseUnknownSelections(cells, ids)
  const checksOf = (cell: Cell) => {
    const known = bySet.get(cell.checks.join('\n'))
    if (!known) throw new Error(`the cell ${cell.id} was not planned`)
    return known
  }
  return { plans, checksOf }
}

/** Runs cells and writes their report. Rejects only before anything is launched. @throws ConfigError, PrerequisiteError */
export async function runMatrix(options: RunOptions): Promise<RunResult> {
  if (options.cells.length === 0 && !options.shard && !options.notSelected?.length)
    throw new ConfigError('there is no cell to run', { hint: 'harness plan' })
  const { plans, checksOf } = await planRun(
    await pacedCells(options.cells),
    options.builtInChecks,
    options.waivers,
    options.lastKnown,
  )
  for (const plan of plans) await claimsOfPlan(plan, options.spend)
  const runId = options.runId ?? newRunId()
  await using _hold = await holdRun(runId)
  const runDir = join(options.reportsDir, runId)
  await makeFolder(runDir).catch((error: unknown) => {
    throw new ConfigError(`no folder for the report can be made: ${(error as Error).message}`, {
      hint: '--reports-dir DIR names a folder that can be written to',
    })
  })
  const old = options.resume ? await resumeFrom(runDir, runId, plans) : undefined
  const cancel = new AbortController()
  // A report that cannot be written makes all further work worthless.
  const events = new EventLog(
    join(runDir, 'events.jsonl'),
    options.onEvent ?? (() => {}),
    () => cancel.abort(),
    options.resume,
  )
  const started = performance.now()
  const executor = options.executor ?? localExecutor(options.concurrency)
  const execution = await executor.open({
    runId,
    runDir,
    events,
    waivers: options.waivers ?? [],
    keep: options.keep ?? 'never',
    signal: options.signal ? AbortSignal.any([options.signal, cancel.signal]) : cancel.signal,
    checksOf,
    spend: options.spend,
  })
  if (!old) await rememberRun(recordOf(options, runId, runDir))
  events.emit(await firstEvent(options, runId, old === undefined || old.fresh))
  for (const leak of old?.leaks ?? []) events.emit(leak)
  const open = old?.plans ?? plans
  const inOrder = options.expectedSeconds ? shortestLast(open, options.concurrency, options.expectedSeconds) : open
  const ends = [...(old?.ends ?? []), ...(await execution.work(inOrder))]
  const statuses = ends.map((end) => end.status)
  const leaks = ends.reduce((sum, end) => sum + end.leaks, 0) + (old?.leaks.length ?? 0)
  const interrupted = options.signal?.aborted ?? false
  const blocked = options.flaky === 'block' && ends.some((end) => end.flaky)
  const exitCode = events.failure ? 3 : exitCodeOf(statuses, { interrupted, leaks, blocked })
  // A plan may have fewer cells than shards.
  const status = statuses.length === 0 ? 'skip' : worstStatus(statuses)
  const durationMs = Math.round((old?.beforeMs ?? 0) + performance.now() - started)
  events.emit({ type: 'run-ended', status, exitCode, durationMs })
  events.close()
  if (!interrupted && !events.failure) await forgetRun(runId)
  const unwritable = events.failure ? { unwritable: events.failure } : {}
  return { status, exitCode, runId, runDir, ...unwritable }
}
