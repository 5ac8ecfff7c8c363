import { EVIDENCE } from './database/migrations.ts'
import type { Sql, SqlValue } from './database/sql.ts'
import { unpack } from './pack.ts'

/** Everything that follows from what was submitted, as lines of JSON: a table, then its rows. The same on every database. */
export async function* dump(sql: Sql): AsyncGenerator<string> {
  for (const [table, order] of Object.entries(EVIDENCE)) {
    yield `${JSON.stringify({ table })}\n`
    for (let from = 0; ; from += STEP) {
      const rows = await sql.query<Record<string, SqlValue>>(
        `SELECT * FROM ${table} ORDER BY ${order} LIMIT ${STEP} OFFSET ${from}`,
      )
      for (const row of rows) yield `${JSON.stringify(plain(row))}\n`
      if (rows.length < STEP) break
    }
  }
}

const STEP = 500

function plain(row: Record<string, SqlValue>): object {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? unpack<unknown>(value) : value,
    ]),
  )
}
