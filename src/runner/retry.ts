import type { CellStage } from './cell-stage.ts'

/** Whether the same may end otherwise on fresh machines. What was found out about the image is never tried again. */
export function mayRetry(stage: CellStage): boolean {
  const { failures, records, attempt, plan, run } = stage
  if (attempt >= plan.cell.attempts || run.signal.aborted || stage.timedOut) return false
  return (
    failures.length > 0 &&
    failures.every((failure) => failure.retryable) &&
    records.every((record) => record.status !== 'fail')
  )
}
