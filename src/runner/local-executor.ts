import { rm } from 'node:fs/promises'
import { makeTempDir } from '../core/temp-dir.ts'
import { LedgerFile } from '../platforms/ledger-file.ts'
import type { PlatformImage } from '../platforms/platform.ts'
import type { Status } from '../results/status.ts'
import { Background } from './background.ts'
import type { Execution, Executor } from './executor.ts'
import { openSessions } from './open-sessions.ts'
import type { CellPlan } from './plan.ts'
import { type CellEnd, runCell } from './run-cell.ts'
import { Once, type RunContext, type RunOrder } from './run-context.ts'
import { runScheduled } from './schedule.ts'

/** Works on cells in this process, at most `concurrency` at a time. */
export function localExecutor(concurrency: number): Executor {
  return {
    open: async (order): Promise<Execution> => {
      const work = await LocalWork.open(order)
      return {
        work: async (plans) => {
          const ends = await runScheduled(plans, concurrency, (plan) => work.cell(plan))
          await work.close()
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

  /** @throws PrerequisiteError when the ledger cannot be written */
  static async open(order: RunOrder): Promise<LocalWork> {
    const ledger = await LedgerFile.create(order.runId)
    return new LocalWork({
      ...order,
      tmpDir: await makeTempDir('run'),
      ledger,
      sessions: openSessions(ledger),
      images: new Once<PlatformImage>(),
      restFacts: new Once<string>(),
      teardown: new Background(),
    })
  }

  /** Resolves when the cell is judged; `end` resolves when everything it made is gone. Never rejects. */
  async cell(plan: CellPlan): Promise<{ end: Promise<CellEnd> }> {
    const run = this.#run
    const cell = plan.cell.id
    const leaveOut = (status: Status, reason: string) => {
      run.events.emit({ type: 'cell-ended', cell, attempt: 1, status, reason, durationMs: 0, boots: 0 })
      return { end: Promise.resolve({ status, leaks: 0 }) }
    }
    if (run.signal.aborted) return leaveOut('miss', 'the run was cancelled before this cell began')
    if (plan.nothing !== undefined) {
      for (const record of plan.skipped) run.events.emit({ type: 'check-ended', cell, attempt: 1, record })
      return leaveOut('skip', plan.nothing)
    }
    return await runCell(run, plan)
  }

  async close(): Promise<void> {
    await this.#run.sessions.close()
    await rm(this.#run.tmpDir, { recursive: true, force: true })
    await this.#run.ledger.close()
  }
}
