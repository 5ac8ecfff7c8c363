import type { CellEnd } from '../cell/run-cell.ts'
import type { CellPlan } from '../plan/plan.ts'
import type { RunOrder } from '../run-context.ts'

/** Where and when the cells of a run are worked on. What it makes of them arrives as events of the run. */
export interface Executor {
  /** Gets ready; launches nothing. @throws ConfigError, PrerequisiteError */
  open(order: RunOrder): Promise<Execution>
}

/** One run in the hands of an executor. */
export interface Execution {
  /**
   * Brings every cell to one final status, told by its last `cell-ended` event, and resolves when all they made is gone.
   * Never rejects: what goes wrong with a cell is its status. Called once.
   */
  work(plans: readonly CellPlan[]): Promise<CellEnd[]>
}
