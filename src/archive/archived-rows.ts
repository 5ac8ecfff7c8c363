import { readStatement } from '../publish/statement.ts'
import { EVIDENCE } from './database/migrations.ts'
import type { Query } from './database/sql.ts'
import type { ArchivedSubmission, LogFiles } from './log-files.ts'
import { pack, unpack } from './pack.ts'
import type { CellDetail } from './read/cell-runs.ts'
import { insertRows, type Row } from './row.ts'
import { rowOfEntry, rowsOfStatement } from './rows-of-statement.ts'

/** The rows of a submission as the archive keeps it: without what has expired. */
export function archivedRows({ entry, envelope, expired }: ArchivedSubmission): Row[] {
  if (!envelope) return [rowOfEntry(entry)]
  const rows = rowsOfStatement(entry, readStatement(Buffer.from(envelope.payload, 'base64')))
  const gone = new Set(expired?.checks)
  if (gone.size === 0) return rows
  return rows.map((row) => {
    const { uid, body } = row.values
    if (row.table !== 'cell_detail' || !gone.has(String(uid)) || !(body instanceof Uint8Array)) return row
    return { ...row, values: { ...row.values, body: withoutChecks(body) } }
  })
}

/** Makes all rows again from the files, in the transaction of `query`. */
export async function replay(query: Query, files: LogFiles): Promise<void> {
  for (const table of Object.keys(EVIDENCE).reverse()) await query(`DELETE FROM ${table}`, [])
  for await (const archived of files.all()) await insertRows(query, archivedRows(archived))
}

/** What is kept of a cell run when its judgements are gone. */
export function withoutChecks(body: Uint8Array): Uint8Array {
  const { checks: _gone, ...rest } = unpack<CellDetail>(body)
  return pack(rest)
}
