import type { SigningKey } from '../publish/keys.ts'
import type { Statement } from '../publish/statement.ts'
import type { Sql } from './database/sql.ts'
import { enter } from './enter.ts'
import type { LogEntry } from './log-entry.ts'
import type { LogFiles } from './log-files.ts'
import { readEntry } from './read/submissions.ts'
import { RefusedError } from './refused.ts'
import type { Spool, Spooled } from './spool.ts'
import type { Submitter } from './submitters.ts'

/** What became of a submission. */
export interface Accepted {
  entry: LogEntry
  /** It was there before: nothing was changed. */
  repeated: boolean
}

interface Waiting {
  spooled: Spooled
  statement: Statement
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
}

type Outcome = Accepted | { refused: RefusedError }

/** Submissions of one transaction: it is durable once for all of them. */
const MOST_AT_ONCE = 64

/** The way of submissions from the spool into the log and the database. Those that come while one is entered go in together. */
export class Entrance {
  readonly #parts: { sql: Sql; key: SigningKey; logFiles: LogFiles; spool: Spool }
  readonly #submitter: (id: string) => Submitter | undefined
  readonly #serialize: <T>(work: () => Promise<T>) => Promise<T>
  readonly #waiting: Waiting[] = []

  /** @param serialize begins work when what was begun before has ended */
  constructor(
    parts: { sql: Sql; key: SigningKey; logFiles: LogFiles; spool: Spool },
    submitter: (id: string) => Submitter | undefined,
    serialize: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.#parts = parts
    this.#submitter = submitter
    this.#serialize = serialize
  }

  /** Enters what is in the spool. @throws RefusedError when what is in the log speaks against it */
  async enter(spooled: Spooled, statement: Statement): Promise<Accepted> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ spooled, statement, resolve, reject })
      this.#serialize(() => this.#next()).catch(reject)
    })
  }

  async #next(): Promise<void> {
    const batch = this.#waiting.splice(0, MOST_AT_ONCE)
    if (batch.length > 0) await this.#together(batch)
  }

  async #together(batch: readonly Waiting[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      outcomes = await this.#commit(batch)
    } catch (error) {
      if (batch.length === 1) return batch[0]?.reject(error)
      // Nothing of it was kept. One of them cannot be entered, and the others must not suffer for it.
      for (const one of batch) await this.#together([one])
      return
    }
    try {
      await this.#settle(batch, outcomes)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<Outcome[]> {
    const { sql, key, logFiles } = this.#parts
    return await sql.transaction(async (query) => {
      const outcomes: Outcome[] = []
      const files: Promise<void>[] = []
      for (const { spooled, statement } of batch) {
        const known = await readEntry({ sql: { query } }, spooled.id)
        if (known) {
          outcomes.push({ entry: known, repeated: true })
          continue
        }
        try {
          const submitter = this.#submitter(spooled.submitter)
          outcomes.push({ entry: await enter(query, spooled, statement, { key, submitter }), repeated: false })
        } catch (error) {
          // It is refused before it has written anything.
          if (!(error instanceof RefusedError)) throw error
          outcomes.push({ refused: error })
        }
      }
      for (const [index, { spooled }] of batch.entries()) {
        const outcome = outcomes[index]
        if (!outcome || 'refused' in outcome || outcome.repeated) continue
        const { envelope, identity } = spooled
        files.push(logFiles.prepare({ entry: outcome.entry, envelope, ...(identity ? { identity } : {}) }))
      }
      for (const one of await Promise.allSettled(files)) if (one.status === 'rejected') throw one.reason
      return outcomes
    })
  }

  /** What the database has now gets its place among the files, and everybody is told. */
  async #settle(batch: readonly Waiting[], outcomes: readonly Outcome[]): Promise<void> {
    const { logFiles, spool } = this.#parts
    const fresh = outcomes.flatMap((one) => ('refused' in one || one.repeated ? [] : [one.entry.seq]))
    if (fresh.length > 0) await logFiles.settle(fresh)
    await Promise.all(batch.map(({ spooled }) => spool.remove(spooled.id)))
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]
      if (!outcome) continue
      if ('refused' in outcome) reject(outcome.refused)
      else resolve(outcome)
    }
  }
}
