import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { exclusively, openStateDatabase } from '../core/state-database.ts'
import type { Budget } from '../matrix/spending-settings.ts'
import {
  brokenStop,
  type Expense,
  type Reservation,
  type SpendingBook,
  type Spent,
  type SpentSoFar,
} from './hard-stops.ts'

const TABLES = `CREATE TABLE IF NOT EXISTS spending (
  id TEXT PRIMARY KEY, day TEXT NOT NULL, run_id TEXT NOT NULL, cell TEXT NOT NULL, platform TEXT NOT NULL,
  usd REAL NOT NULL CHECK (usd >= 0), settled INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS spending_day ON spending (day);
CREATE INDEX IF NOT EXISTS spending_run ON spending (run_id)`

export interface SpendingOptions {
  /** For tests. Default now. */
  now?: () => Date
}

/**
 * What all runs of this host have spent, in an SQLite file of the state directory, safe for concurrent processes.
 * A cell whose process is killed keeps its estimate: the machines may have cost it.
 * @throws PrerequisiteError when the file cannot be used
 */
export class Spending implements SpendingBook {
  readonly #database: DatabaseSync
  readonly #now: () => Date

  constructor(options: SpendingOptions = {}) {
    this.#now = options.now ?? (() => new Date())
    this.#database = openStateDatabase('spending.db', TABLES, { durable: true })
  }

  async reserve(expense: Expense, budget: Budget): Promise<Reservation | { refused: string }> {
    const { runId, cell, platform, usd } = expense
    const id = randomUUID()
    const day = this.#today()
    const refused = exclusively(this.#database, () => {
      const why = brokenStop(expense, budget, day, this.#spentSoFar(runId, day, platform))
      if (why !== undefined) return why
      this.#database
        .prepare('INSERT INTO spending VALUES (?, ?, ?, ?, ?, ?, 0)')
        .run(id, day, runId, cell, platform, usd)
      return undefined
    })
    if (refused !== undefined) return { refused }
    const settle = this.#database.prepare('UPDATE spending SET usd = ?, settled = 1 WHERE id = ?')
    return { settle: async (actual) => void settle.run(actual, id) }
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

  #spentSoFar(runId: string, day: string, platform: string): SpentSoFar {
    const sum = (where: string, ...values: string[]) => {
      const query = this.#database.prepare(`SELECT coalesce(sum(usd), 0) AS spent FROM spending WHERE ${where}`)
      return Number(query.get(...values)?.['spent'] ?? 0)
    }
    return {
      run: sum('run_id = ?', runId),
      day: sum('day = ?', day),
      platform: sum('day = ? AND platform = ?', day, platform),
    }
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10)
  }
}
