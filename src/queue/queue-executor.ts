import { HarnessError, PrerequisiteError } from '../core/errors.ts'
import { pause } from '../core/wait-until.ts'
import type { Execution, Executor } from '../runner/schedule/executor.ts'
import { leaveOut } from '../runner/schedule/leave-out.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import type { CellEnd } from '../runner/cell/run-cell.ts'
import type { RunOrder } from '../runner/run-context.ts'
import { type Database, openDatabase } from './database.ts'
import { Inbox } from './inbox.ts'
import { addInputs } from './inputs.ts'
import { type Jobs, openJobs } from './jobs.ts'
import { dropMessages, readMessages } from './messages.ts'
import { addRun, endRun, endUntaken, OWNER_LOST_MS, touchRun } from './run-row.ts'
import { makeTables } from './tables.ts'

export interface QueueOptions {
  /** `postgresql://user@host/database`. */
  url: string
  /** Told to the person who waits. */
  onNote?: (text: string) => void
}

const MESSAGES_AT_ONCE = 64
const POLL_MS = 300
const TOUCH_MS = 5000
/** A database that is away for longer than this ends the run. */
const PATIENCE_MS = 300_000
const SILENCE_MS = 60_000
/** Beyond what a cell itself may take to clean up after a cancellation. */
const CANCEL_GRACE_MS = 60_000

/** Gives cells to workers on any number of machines, over a PostgreSQL database: `harness worker --database URL`. */
export function queueExecutor(options: QueueOptions): Executor {
  return {
    open: async (order) => {
      const database = await openDatabase(options.url)
      try {
        await makeTables(database)
        const note = options.onNote ?? (() => {})
        return new QueueExecution(database, await openJobs(database, note), order, note)
      } catch (error) {
        await database.close()
        throw explained(error, database.shownUrl)
      }
    },
  }
}

class QueueExecution implements Execution {
  readonly #database: Database
  readonly #jobs: Jobs
  readonly #order: RunOrder
  readonly #note: (text: string) => void
  readonly #inbox: Inbox
  #heard = performance.now()
  #touched = 0
  #cancelledAt: number | undefined

  constructor(database: Database, jobs: Jobs, order: RunOrder, note: (text: string) => void) {
    this.#database = database
    this.#jobs = jobs
    this.#order = order
    this.#note = note
    this.#inbox = new Inbox(order)
  }

  async work(plans: readonly CellPlan[]): Promise<CellEnd[]> {
    const rest = plans.filter((plan) => {
      const end = leaveOut(this.#order, plan)
      if (end) this.#inbox.end(plan.cell.id, end)
      return !end
    })
    try {
      if (rest.length > 0) await this.#send(rest)
      await this.#follow(rest)
    } catch (error) {
      this.#giveUp(rest, error instanceof HarnessError ? error.message : String(error))
    }
    // Workers that still believe in the run lose it, and clean up.
    await endRun(this.#database, this.#order.runId).catch(() => {})
    await this.#jobs.close().catch(() => {})
    await this.#database.close().catch(() => {})
    return plans.map(({ cell }) => this.#inbox.ends.get(cell.id) ?? { status: 'miss', leaks: 0 })
  }

  async #send(plans: readonly CellPlan[]): Promise<void> {
    const { runId, waivers, keep, spend } = this.#order
    await addRun(this.#database, runId, { waivers, keep, spend }, plans)
    const inputs = await addInputs(this.#database, runId, plans)
    const jobs = plans.map(({ cell }) => ({ runId, cell: cell.id, lifetimeMs: lifetimeMs(cell) }))
    await this.#jobs.add(jobs)
    this.#note(`${plans.length} cells wait for workers${inputs > 0 ? `, with ${inputs} files` : ''}`)
  }

  /** Takes over what workers say until every cell has its end. */
  async #follow(plans: readonly CellPlan[]): Promise<void> {
    let lostAt: number | undefined
    while (plans.some(({ cell }) => !this.#inbox.ends.has(cell.id))) {
      try {
        const more = await this.#turn(plans)
        lostAt = undefined
        if (more) continue
      } catch (error) {
        if (!(error instanceof PrerequisiteError)) throw error
        if (lostAt === undefined) this.#note(error.message)
        lostAt ??= performance.now()
        if (performance.now() - lostAt > PATIENCE_MS) throw error
      }
      await pause(POLL_MS)
    }
  }

  /** One look at the database. Whether there is more to take over at once. */
  async #turn(plans: readonly CellPlan[]): Promise<boolean> {
    const now = performance.now()
    const cancelled = this.#order.signal.aborted
    if (cancelled && this.#cancelledAt === undefined) await this.#cancel(plans)
    else if (now - this.#touched > TOUCH_MS) {
      await touchRun(this.#database, this.#order.runId, cancelled)
      this.#touched = now
    }
    const received = await readMessages(this.#database, this.#order.runId, MESSAGES_AT_ONCE)
    for (const one of received) this.#inbox.take(one)
    if (received.length > 0) {
      await dropMessages(this.#database, received)
      this.#heard = now
    } else this.#tellSilence(plans, now)
    return received.length === MESSAGES_AT_ONCE
  }

  async #cancel(plans: readonly CellPlan[]): Promise<void> {
    const { runId } = this.#order
    await touchRun(this.#database, runId, true)
    const untaken = await endUntaken(this.#database, runId)
    this.#cancelledAt = performance.now()
    const known = new Set(plans.map(({ cell }) => cell.id))
    for (const cell of untaken)
      if (known.has(cell)) this.#inbox.giveUp(cell, 'the run was cancelled before this cell began', true)
  }

  #tellSilence(plans: readonly CellPlan[], now: number): void {
    const cleanupMs = Math.max(0, ...plans.map(({ cell }) => cell.timeouts.cleanupMs))
    if (this.#cancelledAt !== undefined && now - this.#cancelledAt > cleanupMs + CANCEL_GRACE_MS)
      throw new PrerequisiteGone('the run was cancelled, and the worker of this cell did not say how it ended')
    if (now - this.#heard < SILENCE_MS) return
    this.#heard = now
    this.#note(
      this.#inbox.hasWorkers
        ? 'no worker has said anything for a minute'
        : 'no worker has come yet; start one, on any machine: harness worker --database URL',
    )
  }

  #giveUp(plans: readonly CellPlan[], reason: string): void {
    const { aborted } = this.#order.signal
    for (const { cell } of plans) if (!this.#inbox.ends.has(cell.id)) this.#inbox.giveUp(cell.id, reason, aborted)
  }
}

/** Ends the wait for workers of a cancelled run. */
class PrerequisiteGone extends HarnessError {
  readonly blame = 'host'
}

/** Time after which a worker that still shows signs of life is not believed any more. */
function lifetimeMs({ timeouts, attempts, testAttempts = 1 }: CellPlan['cell']): number {
  return (timeouts.cellMs + timeouts.cleanupMs + OWNER_LOST_MS) * (attempts + testAttempts - 1)
}

function explained(error: unknown, url: string): unknown {
  if (error instanceof HarnessError || !(error instanceof Error)) return error
  return new PrerequisiteError(`the database ${url} cannot be used: ${error.message}`, {
    hint: 'the role needs to own the database, or the right to create schemas in it',
    cause: error,
  })
}
