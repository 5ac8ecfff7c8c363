import { randomUUID } from 'node:crypto'
import {
  brokenStop,
  type Expense,
  type Reservation,
  type SpendingBook,
  type Spent,
  type SpentSoFar,
} from '../cost/hard-stops.ts'
import type { Budget } from '../matrix/spending-settings.ts'
import type { Database } from './database.ts'

const TABLE = `
CREATE SCHEMA IF NOT EXISTS harness;
CREATE TABLE IF NOT EXISTS harness.spending (
  id uuid PRIMARY KEY,
  day text NOT NULL,
  run_id text NOT NULL,
  cell text NOT NULL,
  platform text NOT NULL,
  usd double precision NOT NULL CHECK (usd >= 0),
  settled boolean NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS spending_day ON harness.spending (day);
CREATE INDEX IF NOT EXISTS spending_run ON harness.spending (run_id)`

/** Workers may differ about the time; the database has one. */
const TODAY = `to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')`

/**
 * What all workers of a database have spent. Who asks waits for its turn under an advisory lock, so that two who ask at once
 * never both get the last dollar. What was set aside by a worker that is lost stays spent: its machines may have cost it.
 */
export class PostgresSpending implements SpendingBook {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Makes the table when it is missing. */
  static async open(database: Database): Promise<PostgresSpending> {
    await database.transaction(async (query) => {
      await query(`SELECT pg_advisory_xact_lock(hashtext('harness tables'))`)
      await query(TABLE)
    })
    return new PostgresSpending(database)
  }

  async reserve(expense: Expense, budget: Budget): Promise<Reservation | { refused: string }> {
    const { runId, cell, platform, usd } = expense
    const id = randomUUID()
    const refused = await this.#database.transaction(async (query) => {
      await query(`SELECT pg_advisory_xact_lock(hashtext('harness spending'))`)
      const [row] = await query<SpentSoFar & { today: string }>(
        `SELECT ${TODAY} AS today,
           coalesce(sum(usd) FILTER (WHERE run_id = $1), 0) AS run,
           coalesce(sum(usd) FILTER (WHERE day = ${TODAY}), 0) AS day,
           coalesce(sum(usd) FILTER (WHERE day = ${TODAY} AND platform = $2), 0) AS platform
         FROM harness.spending WHERE run_id = $1 OR day = ${TODAY}`,
        [runId, platform],
      )
      if (!row) throw new Error('a sum without a row')
      const why = brokenStop(expense, budget, row.today, row)
      if (why !== undefined) return why
      await query('INSERT INTO harness.spending VALUES ($1, $2, $3, $4, $5, $6)', [
        id,
        row.today,
        runId,
        cell,
        platform,
        usd,
      ])
      return undefined
    })
    if (refused !== undefined) return { refused }
    const settle = 'UPDATE harness.spending SET usd = $1, settled = true WHERE id = $2'
    return { settle: async (actual) => void (await this.#database.query(settle, [actual, id])) }
  }

  /** What was spent today (UTC). */
  async spentToday(): Promise<Spent[]> {
    return await this.#database.query<Spent>(
      `SELECT platform, count(*)::int AS cells, sum(usd) AS usd,
         coalesce(sum(usd) FILTER (WHERE NOT settled), 0) AS "reservedUsd"
       FROM harness.spending WHERE day = ${TODAY} GROUP BY platform ORDER BY platform`,
    )
  }

  /** The database belongs to whoever opened it. */
  close(): void {}
}
