import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { exclusively, openStateDatabase } from '../core/state-database.ts'
import type { Budget } from '../matrix/spending-settings.ts'
import { usdText } from '../results/usage.ts'

const TABLES = `CREATE TABLE IF NOT EXISTS spending (
  id TEXT PRIMARY KEY, day TEXT NOT NULL, run_id TEXT NOT NULL, cell TEXT NOT NULL, platform TEXT NOT NULL,
  usd REAL NOT NULL CHECK (usd >= 0), settled INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS spending_day ON spending (day);
CREATE INDEX IF NOT EXISTS spending_run ON spending (run_id)`

/** What a cell is expected to cost. */
export interface Expense {
  runId: string
  cell: string
  platform: string
  usd: number
}

/** Money that is set aside for a cell that runs. */
export interface Reservation {
  /** Replaces the estimate by what the machine time came to. */
  settle(usd: number): void
}

/** What was spent on a day, by platform, settled or set aside. */
export interface Spent {
  platform: string
  cells: number
  usd: number
  /** The part that is set aside for cells that run, or whose process was killed. */
  reservedUsd: number
}

export interface SpendingOptions {
  /** For tests. Default now. */
  now?: () => Date
}

/**
 * What all runs of this host have spent, in an SQLite file of the state directory, safe for concurrent processes.
 * A cell whose process is killed keeps its estimate: the machines may have cost it.
 * @throws PrerequisiteError when the file cannot be used
 */
export class Spending {
  readonly #database: DatabaseSync
  readonly #now: () => Date

  constructor(options: SpendingOptions = {}) {
    this.#now = options.now ?? (() => new Date())
    this.#database = openStateDatabase('spending.db', TABLES, { durable: true })
  }

  /** Sets money aside for a cell, or says which limit it would break. */
  reserve(expense: Expense, budget: Budget): Reservation | { refused: string } {
    const { runId, cell, platform, usd } = expense
    const id = randomUUID()
    const day = this.#today()
    const refused = exclusively(this.#database, () => {
      const why =
        this.#exceeds(budget['run-usd'], usd, 'the run', 'run_id = ?', runId) ??
        this.#exceeds(budget['day-usd'], usd, `the day ${day}`, 'day = ?', day) ??
        this.#exceeds(
          budget['platform-day-usd']?.[platform],
          usd,
          `${platform} on ${day}`,
          'day = ? AND platform = ?',
          day,
          platform,
        )
      if (why !== undefined) return why
      this.#database
        .prepare('INSERT INTO spending VALUES (?, ?, ?, ?, ?, ?, 0)')
        .run(id, day, runId, cell, platform, usd)
      return undefined
    })
    if (refused !== undefined) return { refused }
    const settle = this.#database.prepare('UPDATE spending SET usd = ?, settled = 1 WHERE id = ?')
    return { settle: (actual) => void settle.run(actual, id) }
  }

  /** What was spent on a day, by default today (UTC). */
  spentOn(day = this.#today()): Spent[] {
    const rows = this.#database
      .prepare(
        `SELECT platform, count(*) AS cells, sum(usd) AS usd, sum(CASE settled WHEN 0 THEN usd ELSE 0 END) AS reservedUsd
         FROM spending WHERE day = ? GROUP BY platform ORDER BY platform`,
      )
      .all(day)
    return rows.map((row) => ({ ...row }) as unknown) as Spent[]
  }

  close(): void {
    this.#database.close()
  }

  #exceeds(
    limit: number | undefined,
    usd: number,
    what: string,
    where: string,
    ...values: string[]
  ): string | undefined {
    if (limit === undefined) return undefined
    const row = this.#database
      .prepare(`SELECT coalesce(sum(usd), 0) AS spent FROM spending WHERE ${where}`)
      .get(...values)
    const spent = Number(row?.['spent'] ?? 0)
    if (spent + usd <= limit) return undefined
    return `the budget of ${what} is used up: about ${usdText(spent)} of ${usdText(limit)} is spent or set aside, and this cell would cost about ${usdText(usd)}`
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10)
  }
}
