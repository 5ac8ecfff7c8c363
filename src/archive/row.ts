import type { Query, SqlValue } from './database/sql.ts'

/** A row to be. `repeated: 'first'`: when there is one with the same key, that one stays. */
export interface Row {
  table: string
  values: Readonly<Record<string, SqlValue>>
  repeated?: 'first'
}

const MOST_VALUES = 900

/** Writes rows in their order, those of one table that follow each other together. */
export async function insertRows(query: Query, rows: readonly Row[]): Promise<void> {
  let at = 0
  while (at < rows.length) {
    const first = rows[at]
    if (!first) return
    const columns = Object.keys(first.values)
    const most = Math.max(1, Math.floor(MOST_VALUES / columns.length))
    let end = at + 1
    while (end < rows.length && end - at < most && rows[end]?.table === first.table) end++
    const some = rows.slice(at, end)
    const marks = `(${columns.map(() => '?').join(', ')})`
    const conflict = first.repeated === 'first' ? ' ON CONFLICT DO NOTHING' : ''
    await query(
      `INSERT INTO ${first.table} (${columns.join(', ')}) VALUES ${some.map(() => marks).join(', ')}${conflict}`,
      some.flatMap(({ values }) => columns.map((column) => values[column] ?? null)),
    )
    at = end
  }
}
