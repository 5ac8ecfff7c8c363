import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Status } from '../results/status.ts'
import { CellMachines } from './cell-machines.ts'
import { CellStage } from './cell-stage.ts'
import { type KeptLog, scanLogs } from './collect.ts'
import type { CellPlan } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { mayRetry } from './retry.ts'
import type { RunContext } from './run-context.ts'
import { cellVerdict, type Verdict } from './verdict.ts'
import { workThrough } from './work-through.ts'

/** The end of a cell as the run needs it. */
export interface CellEnd {
  status: Status
  leaks: number
}

/**
 * Runs one cell: again on fresh machines while the infrastructure fails in a way that may pass, up to its attempts.
 * Resolves when the cell is judged; `end` resolves when everything it made is gone. Never rejects.
 */
export async function runCell(run: RunContext, plan: CellPlan): Promise<{ end: Promise<CellEnd> }> {
  const ends: Promise<CellEnd>[] = []
  for (let attempt = 1; ; attempt++) {
    const stage = new CellStage(run, plan, attempt, join(run.runDir, 'cells', plan.cell.id))
    const { end } = await runAttempt(stage)
    ends.push(end)
    if (!mayRetry(stage)) break
    // The next attempt begins when the machines of this one are gone: a host must not be filled by failures.
    await end
  }
  const end = Promise.all(ends).then((all) => ({
    status: all.at(-1)?.status ?? 'miss',
    leaks: all.reduce((sum, one) => sum + one.leaks, 0),
  }))
  return { end }
}

/** One attempt, up to its verdict. */
async function runAttempt(stage: CellStage): Promise<{ end: Promise<CellEnd> }> {
  const { run, plan } = stage
  const started = performance.now()
  const prepared: Prepared = {}
  let machines: CellMachines | undefined
  let logs: KeptLog[] = []
  stage.emit({ type: 'cell-started' })
  const tmpDir = await mkdtemp(join(run.tmpDir, 'c'))
  try {
    await mkdir(join(stage.dir, 'logs'), { recursive: true })
    machines = new CellMachines(stage, await run.sessions.of(plan.cell))
    logs = await workThrough(stage, machines, prepared, tmpDir)
  } catch (error) {
    await stage.fail(error, prepared.subject)
    stage.recordUnjudged()
  }
  // A machine that may be kept for a failure can only go when the logs have been judged too.
  const early = run.keep === 'never' ? tearDown(stage, machines, prepared) : undefined
  await scan(stage, logs)
  const verdict = cellVerdict(stage.records, stage.failures, run.signal.aborted)
  const durationMs = Math.round(performance.now() - started)
  keepMachine(stage, machines, prepared, verdict)
  const end = async (): Promise<CellEnd> => {
    await (early ?? tearDown(stage, machines, prepared))
    await rm(tmpDir, { recursive: true, force: true })
    stage.emit({ type: 'cell-ended', ...verdict, durationMs, boots: stage.boots })
    return { status: verdict.status, leaks: stage.leaks }
  }
  return { end: end() }
}

async function scan(stage: CellStage, logs: readonly KeptLog[]): Promise<void> {
  if (logs.length === 0) return
  try {
    await scanLogs(stage, logs)
  } catch (error) {
    await stage.fail(error)
  }
}

function keepMachine(stage: CellStage, machines: CellMachines | undefined, prepared: Prepared, verdict: Verdict): void {
  const { keep } = stage.run
  const { subject } = prepared
  const failed = verdict.status === 'fail' || verdict.status === 'error' || verdict.status === 'miss'
  if (!machines || !subject || keep === 'never' || (keep === 'failed' && !failed)) return
  machines.keep(subject)
  const { platform } = stage.plan.cell
  const message = `${subject.name} was kept: \`harness shell --attach ${platform}:${subject.id}\`; \`harness sweep --run ${stage.run.runId}\` removes it`
  stage.emit({ type: 'warning', message })
}

/** Removes what the attempt made, all at the same time. Never rejects. */
async function tearDown(stage: CellStage, machines: CellMachines | undefined, prepared: Prepared): Promise<void> {
  await stage.ending.settle()
  if (!machines || (machines.count === 0 && !prepared.snapshot)) return
  await stage.step('destroy', async () => {
    await machines.destroyAll()
    // On most platforms a snapshot goes with its machine; then this only closes its entry in the ledger.
    if (!prepared.snapshot || machines.isKept(prepared.subject)) return
    try {
      await prepared.snapshot.delete()
    } catch (error) {
      stage.leaked(`snapshot ${prepared.snapshot.name}`, error)
    }
  })
}
