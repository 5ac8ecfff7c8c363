import { PrerequisiteError } from '../core/errors.ts'
import { pause, waitUntil } from '../core/wait-until.ts'
import { CellHistory, type CellPast } from '../results/cell-past.ts'
import type { RunEvent } from '../results/event.ts'
import type { EventSink, NewEvent } from '../runner/event-log.ts'
import type { CellEnd } from '../runner/cell/run-cell.ts'
import type { Database } from './database.ts'
import { CellFiles } from './cell-files.ts'
import { type Claim, type Message, putMessage } from './messages.ts'

/** Events are sent together when several come within this time. */
const GATHER_MS = 100
const EVENTS_AT_ONCE = 500
/** A database that is away for longer has given the cell to somebody else. */
const PATIENCE_MS = 120_000

/** Sends what is found out about one cell, in order. Files of the cell go before the event that ends an attempt. */
export class Outbox implements EventSink {
  readonly #database: Database
  readonly #claim: Claim
  readonly #files: CellFiles
  readonly #onLost: (why: string) => void
  readonly #history: CellHistory
  #waiting: RunEvent[] = []
  #sending: Promise<void> | undefined
  #past: string | undefined
  #attempt = 1
  #lost = false

  /** `onLost` is called once, when the cell has become somebody else's: nothing more is said of it then. */
  constructor(
    database: Database,
    claim: Claim,
    from: { runDir: string; past: CellPast | undefined },
    onLost: (why: string) => void,
  ) {
    this.#database = database
    this.#claim = claim
    this.#history = new CellHistory(from.past)
    this.#files = new CellFiles(from.runDir, claim.cell)
    this.#onLost = onLost
  }

  emit(event: NewEvent): void {
    this.#waiting.push({ at: new Date().toISOString(), ...event } as RunEvent)
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined))
  }

  /** Says that the cell has its final status, after everything else. Never rejects. */
  async end(end: CellEnd): Promise<void> {
    while (this.#sending) await this.#sending
    await this.#put({ kind: 'end', end })
  }

  async #send(): Promise<void> {
    await pause(GATHER_MS)
    while (this.#waiting.length > 0 && !this.#lost) {
      const last = this.#waiting.findIndex(({ type }) => type === 'cell-ended')
      const count = last === 0 ? 1 : Math.min(last < 0 ? this.#waiting.length : last, EVENTS_AT_ONCE)
      const events = this.#waiting.splice(0, count)
      if (last === 0) await this.#sendFiles()
      for (const event of events) {
        this.#history.take(event)
        if (event.type === 'cell-started') this.#attempt = event.attempt
      }
      await this.#put({ kind: 'events', events })
    }
  }

  async #sendFiles(): Promise<void> {
    try {
      for await (const piece of this.#files.pieces()) await this.#put({ kind: 'file', ...piece })
    } catch (error) {
      await this.#warn(`files of this cell could not be sent: ${(error as Error).message}`)
    }
    for (const path of this.#files.takeLeftOut()) await this.#warn(`${path} is too large to be sent and was cut`)
  }

  async #warn(message: string): Promise<void> {
    const { cell } = this.#claim
    const at = new Date().toISOString()
    await this.#put({ kind: 'events', events: [{ at, type: 'warning', cell, attempt: this.#attempt, message }] })
  }

  /** Tries for a while when the database is away. */
  async #put(message: Message): Promise<void> {
    if (this.#lost) return
    const { state } = this.#history
    const past = state.state === 'unfinished' ? state.past : undefined
    const text = JSON.stringify(past)
    const news = text === this.#past ? undefined : past
    try {
      const held = await waitUntil({ what: 'the database', deadlineMs: PATIENCE_MS }, async () => {
        try {
          const value = await putMessage(this.#database, this.#claim, message, news)
          return { done: true, value }
        } catch (error) {
          if (error instanceof PrerequisiteError) return { done: false, saw: error.message }
          throw error
        }
      })
      if (!held) this.#loseWith('the cell was given to another worker, or its run is over')
      this.#past = text
    } catch (error) {
      this.#loseWith((error as Error).message)
    }
  }

  #loseWith(why: string): void {
    if (this.#lost) return
    this.#lost = true
    this.#waiting = []
    this.#onLost(why)
  }
}
