import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CellPast } from '../../results/cell-past.ts'
import type { Status } from '../../results/status.ts'
import { CellMachines } from './cell-machines.ts'
import { CellStage } from './cell-stage.ts'
import { type KeptLog, scanLogs } from './collect.ts'
import { usageOf } from './meter.ts'
import { type CellPlan, planAgain } from '../plan/plan.ts'
import type { Prepared } from './prepare.ts'
import { nextAttempt, pastOf } from './retry.ts'
import type { RunContext } from '../run-context.ts'
import type { Verdict } from './verdict.ts'
import { workThrough } from './work-through.ts'

/** The end of a cell as the run needs it. */
export interface CellEnd {
  status: Status
  leaks: number
  /** It passes, and an earlier attempt had failed. */
  flaky?: boolean
  /** What its machines cost, as an estimate; 0 where nobody knows a price. */
  usd?: number
}

/**
 * Runs one cell: again on fresh machines while the infrastructure fails in a way that may pass, or while checks do not hold,
 * each up to its own budget.
 * Resolves when the cell is judged; `end` resolves when everything it made is gone. Never rejects.
 */
export async function runCell(run: RunContext, plan: CellPlan): Promise<{ end: Promise<CellEnd> }> {
  const ends: Promise<CellEnd>[] = []
  for (let current = plan.past ? planAgain(plan, plan.past) : plan; ;) {
    const attempt = (current.past?.attempt ?? 0) + 1
    const stage = new CellStage(run, current, attempt, folderOf(run, plan.cell.id, attempt))
    const { end, past } = await runAttempt(stage)
    ends.push(end)
    if (!past) break
    current = planAgain(plan, past)
    // The next attempt begins when the machines of this one are gone: a host must not be filled by failures.
    await end
  }
  const end = Promise.all(ends).then((all) => ({
    ...(all.at(-1) ?? { status: 'miss' as const }),
    leaks: all.reduce((sum, one) => sum + one.leaks, 0),
    usd: all.reduce((sum, one) => sum + (one.usd ?? 0), 0),
  }))
  return { end }
}

/** Later attempts have folders of their own, so that the evidence of the first stays. */
function folderOf(run: RunContext, cell: string, attempt: number): string {
  const folder = join(run.runDir, 'cells', cell)
  return attempt === 1 ? folder : join(folder, `attempt-${attempt}`)
}

/** One attempt, up to its verdict; `past` is set when another one follows. */
async function runAttempt(stage: CellStage): Promise<{ end: Promise<CellEnd>; past?: CellPast }> {
  const { run, plan } = stage
  const started = performance.now()
  const prepared: Prepared = {}
  let machines: CellMachines | undefined
  let logs: KeptLog[] = []
  stage.emit({
    type: 'cell-started',
    ...(plan.past ? { again: plan.past.again, ...(plan.past.keeps ? { keeps: true } : {}) } : {}),
  })
  const tmpDir = await mkdtemp(join(run.tmpDir, 'c'))
  try {
    await mkdir(join(stage.dir, 'logs'), { recursive: true })
    machines = new CellMachines(stage, await stage.paced(() => run.sessions.of(plan.cell)))
    logs = await workThrough(stage, machines, prepared, tmpDir)
  } catch (error) {
    await stage.fail(error, prepared.subject)
    stage.recordUnjudged()
  }
  // A machine that may be kept for a failure can only go when the logs have been judged too.
  const early = run.keep === 'never' ? tearDown(stage, machines, prepared) : undefined
  await scan(stage, logs)
  const verdict = stage.verdict()
  const next = nextAttempt(stage, verdict.status)
  if (!next) stage.warnOfWaivers()
  const durationMs = Math.round(performance.now() - started)
  await keepMachine(stage, machines, prepared, verdict)
  const end = async (): Promise<CellEnd> => {
    await (early ?? tearDown(stage, machines, prepared))
    await rm(tmpDir, { recursive: true, force: true })
    const usage = usageOf(plan.cell, stage.meter, run.spend)
    const flaky = stage.isFlaky(verdict.status) ? { flaky: true } : {}
    const cancelled = stage.wasCut ? { cancelled: true } : {}
    stage.emit({
      type: 'cell-ended',
      ...verdict,
      durationMs,
      boots: stage.boots,
      ...(usage ? { usage } : {}),
      ...(next ? { next } : {}),
      ...flaky,
      ...cancelled,
    })
    return { status: verdict.status, leaks: stage.leaks, usd: usage?.usd ?? 0, ...flaky }
  }
  return { end: end(), ...(next ? { past: pastOf(stage, verdict.status, next) } : {}) }
}

async function scan(stage: CellStage, logs: readonly KeptLog[]): Promise<void> {
  if (logs.length === 0) return
  try {
    await scanLogs(stage, logs)
    stage.recordSilentRules()
  } catch (error) {
    await stage.fail(error)
  }
}

async function keepMachine(
  stage: CellStage,
  machines: CellMachines | undefined,
  prepared: Prepared,
  verdict: Verdict,
): Promise<void> {
  const { keep } = stage.run
  const { subject } = prepared
  const failed = verdict.status === 'fail' || verdict.status === 'error' || verdict.status === 'miss'
  if (!machines || !subject || keep === 'never' || (keep === 'failed' && !failed)) return
  machines.keep(subject)
  await stage.run.ledger.keep(subject.name)
  const { platform } = stage.plan.cell
  const message = `${subject.name} was kept: \`harness shell --attach ${platform}:${subject.id}\`; \`harness sweep --run ${stage.run.runId}\` removes it`
  stage.emit({ type: 'warning', message })
}

/** Removes what the attempt made, all at the same time. Never rejects. */
async function tearDown(stage: CellStage, machines: CellMachines | undefined, prepared: Prepared): Promise<void> {
  await stage.ending.settle()
  const snapshots = [prepared.snapshot, prepared.warm].filter((snapshot) => snapshot !== undefined)
  if (!machines || (machines.count === 0 && snapshots.length === 0)) return
  await stage.step('destroy', async () => {
    await machines.destroyAll()
    // On most platforms a snapshot goes with its machine; then this only closes its entry in the ledger.
    if (machines.isKept(prepared.subject)) return
    for (const snapshot of snapshots) {
      try {
        await snapshot.delete()
      } catch (error) {
        stage.leaked(`snapshot ${snapshot.name}`, error)
      }
    }
  })
}
