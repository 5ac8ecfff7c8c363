import type { Sql } from './database/sql.ts'
import { RefusedError } from './refused.ts'
import type { Submitter } from './submitters.ts'

const DAY_MS = 86_400_000
const MIB = 1024 * 1024

/** Refuses what is more than a submitter may submit in a day. @throws RefusedError that says when to try again */
export async function refuseOverQuota(sql: Sql, submitter: Submitter, bytes: number, now: number): Promise<void> {
  const [used] = await sql.query<{ count: number; bytes: number | null; oldest: number | null }>(
    'SELECT count(*) AS count, CAST(sum(bytes) AS INT8) AS bytes, min(received_at) AS oldest FROM submission WHERE submitter = ? AND received_at > ?',
    [submitter.id, now - DAY_MS],
  )
  const { submissionsPerDay, megabytesPerDay } = submitter.quota
  const over =
    (used?.count ?? 0) >= submissionsPerDay
      ? `${submissionsPerDay} submissions`
      : (used?.bytes ?? 0) + bytes > megabytesPerDay * MIB
        ? `${megabytesPerDay} MiB`
        : undefined
  if (over === undefined) return
  throw new RefusedError(429, `${submitter.id} has submitted ${over} within a day, which is the limit`, {
    retryAfter: Math.max(1, Math.ceil(((used?.oldest ?? now) + DAY_MS - now) / 1000)),
    hint: 'ask the operator for more, or wait',
  })
}
