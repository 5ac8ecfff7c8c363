import { rm } from 'node:fs/promises'
import { makeTempDir } from '../../core/temp-dir.ts'
import { openLedger } from '../../platforms/open-ledger.ts'
import type { PlatformImage, Resource } from '../../platforms/platform.ts'
import { Background } from '../background.ts'
import type { Execution, Executor } from './executor.ts'
import { Gate } from './gate.ts'
import { leaveOut } from './leave-out.ts'
import { openSessions } from './open-sessions.ts'
import { Paces } from './paces.ts'
import type { CellPlan } from '../plan/plan.ts'
import { type CellEnd, runCell } from '../cell/run-cell.ts'
import { Once, type RunContext, type RunOrder } from '../run-context.ts'
import { runScheduled } from './schedule.ts'

/** Works on cells in this process, at most `concurrency` at a time. */
export function localExecutor(concurrency: number): Executor {
  return {
    open: async (order): Promise<Execution> => {
      const paces = new Paces()
      const work = await LocalWork.open(order, undefined, paces)
      const gate = new Gate(order, paces)
      return {
        work: async (plans) => {
          const ends = await runScheduled(plans, concurrency, (plan) => work.cell(plan), gate)
          await work.close()
          gate.close()
          return ends
        },
      }
    },
  }
}

/** What cells of one run share in the process that works on them. */
export class LocalWork {
  readonly #run: RunContext

  private constructor(run: RunContext) {
    this.#run = run
  }

  /**
   * @param part tells processes apart that work on the same run
   * @throws PrerequisiteError when the ledger cannot be written
   */
  static async open(order: RunOrder, part?: string, paces = new Paces()): Promise<LocalWork> {
    const ledger = await openLedger(order.runId, part)
    return new LocalWork({
      ...order,
      tmpDir: await makeTempDir('run'),
      ledger,
      sessions: openSessions(ledger),
      images: new Once<PlatformImage>(),
      restFacts: new Once<string>(),
      paces,
      teardown: new Background(),
    })
  }

  /**
   * Resolves when the cell is judged; `end` resolves when everything it made is gone. Never rejects.
   * @param own what this cell does not share with the others: who hears of it, and what cancels it
   */
  async cell(
    plan: CellPlan,
    own: Partial<Pick<RunContext, 'events' | 'signal'>> = {},
  ): Promise<{ end: Promise<CellEnd> }> {
    const run = { ...this.#run, ...own }
    const left = leaveOut(run, plan)
    return left ? { end: Promise.resolve(left) } : await runCell(run, plan)
  }

  /** Removes what a lost process left of a cell. Returns what it was. @throws what the platform says */
  async removeLeftovers({ cell }: CellPlan): Promise<Resource[]> {
    const { sessions, runId } = this.#run
    const session = await sessions.of(cell)
    const left = (await session.resources({ runId })).filter((resource) => resource.cell === cell.id)
    for (const resource of left) await session.remove(resource)
    return left
  }

  async close(): Promise<void> {
    await this.#run.sessions.close()
    await rm(this.#run.tmpDir, { recursive: true, force: true })
    await this.#run.ledger.close()
  }
}
