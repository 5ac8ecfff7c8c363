import type { Sql } from './database/sql.ts'
import type { RefusedError } from './refused.ts'

const MOST_KEPT = 10_000

/** Remembers why something was refused, for those who ask later. It is no evidence, and only the newest are kept. */
export async function rememberRejection(
  sql: Sql,
  refused: { id: string; submitter: { id: string } },
  error: RefusedError,
  now: number,
): Promise<void> {
  await sql.transaction(async (query) => {
    await query('DELETE FROM rejection WHERE id = ?', [refused.id])
    await query('INSERT INTO rejection (id, submitter, at, http_status, reason) VALUES (?, ?, ?, ?, ?)', [
      refused.id,
      refused.submitter.id,
      now,
      error.status,
      error.message.slice(0, 2_000),
    ])
    await query(
      'DELETE FROM rejection WHERE id IN (SELECT id FROM rejection ORDER BY at DESC, id LIMIT 1000 OFFSET ?)',
      [MOST_KEPT],
    )
  })
}

export async function findRejection(
  sql: Sql,
  id: string,
): Promise<{ submitter: string; at: number; status: number; reason: string } | undefined> {
  const [row] = await sql.query<{ submitter: string; at: number; status: number; reason: string }>(
    'SELECT submitter, at, http_status AS status, reason FROM rejection WHERE id = ?',
    [id],
  )
  return row
}
