import { type CellPast, failedBy, standing, worseOf } from '../../results/cell-past.ts'
import type { Again } from '../../results/event.ts'
import type { Status } from '../../results/status.ts'
import type { CellStage } from './cell-stage.ts'

/** Whether host or platform failed in a way that may pass on fresh machines, and their budget pays for them. */
export function mayRetry(stage: CellStage): boolean {
  const { plan, run } = stage
  if (run.signal.aborted || stage.timedOut) return false
  return isInfrastructure(stage) && spent(plan.past).infrastructure < plan.cell.attempts - 1
}

/** Whose budget pays for another attempt at this cell; undefined when this was the last. */
export function nextAttempt(stage: CellStage, status: Status): Again | undefined {
  const { plan, run } = stage
  if (run.signal.aborted || stage.timedOut) return undefined
  if (isInfrastructure(stage)) return mayRetry(stage) ? 'infrastructure' : undefined
  const bad = status === 'fail' || status === 'error'
  return bad && spent(plan.past).tests < (plan.cell.testAttempts ?? 1) - 1 ? 'tests' : undefined
}

/** What was found out about the image is never blamed on the infrastructure. */
function isInfrastructure({ failures, foundBad }: CellStage): boolean {
  return failures.length > 0 && failures.every((failure) => failure.retryable) && !foundBad
}

/** What the next attempt has to know of this one. */
export function pastOf(stage: CellStage, status: Status, again: CellPast['again']): CellPast {
  const { past } = stage.plan
  const before = spent(past)
  // A failure of the cell itself, such as a boot, leaves nothing that stands beside it.
  const keeps = again === 'tests' || (past?.keeps ?? false)
  const counted = stage.counted()
  return {
    attempt: stage.attempt,
    spent: again === 'resume' ? before : { ...before, [again]: before[again] + 1 },
    again,
    records: standing(counted, keeps),
    keeps,
    ...failedBy(counted, worseOf(past?.failed, status)),
  }
}

function spent(past: CellPast | undefined): CellPast['spent'] {
  return past?.spent ?? { infrastructure: 0, tests: 0 }
}
