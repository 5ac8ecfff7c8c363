import type { Status } from '../../results/status.ts'
import type { CellPlan } from '../plan/plan.ts'
import type { CellEnd } from '../cell/run-cell.ts'
import type { RunOrder } from '../run-context.ts'

/** Ends a cell that is not worked on: nothing applies to it, or the run was cancelled. Undefined for every other. */
export function leaveOut(run: Pick<RunOrder, 'events' | 'signal'>, plan: CellPlan): CellEnd | undefined {
  const cell = plan.cell.id
  const attempt = plan.past?.attempt ?? 1
  const end = (status: Status, reason: string): CellEnd => {
    const cancelled = run.signal.aborted ? { cancelled: true } : {}
    run.events.emit({ type: 'cell-ended', cell, attempt, status, reason, durationMs: 0, boots: 0, ...cancelled })
    return { status, leaks: 0 }
  }
  if (run.signal.aborted) return end('miss', 'the run was cancelled before this cell began')
  if (plan.nothing === undefined) return undefined
  for (const record of plan.skipped) run.events.emit({ type: 'check-ended', cell, attempt, record })
  return end('skip', plan.nothing)
}
