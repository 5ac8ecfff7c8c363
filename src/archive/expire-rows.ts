import { replay, withoutChecks } from './archived-rows.ts'
import type { Archive } from './archive.ts'
import type { Query } from './database/sql.ts'
import { readEntry } from './read/submissions.ts'

/** What an archive no longer keeps, by the names of it. */
export interface Expired {
  /** Cell runs that keep their findings and numbers, but not every judgement. */
  checks: readonly string[]
  /** Submissions of which only the line in the log stays. */
  submissions: readonly string[]
}

/**
 * Removes judgements and rows. What was removed is noted in the file of the submission first, so that a database that is made anew
 * from the files has the same.
 */
export async function expireRows(
  archive: Archive,
  { checks, submissions }: Expired,
  { at, dryRun }: { at: string; dryRun: boolean },
): Promise<{ checks: number; rows: number }> {
  let dropped = 0
  for (const [submission, uids] of await bySubmission(archive, checks)) {
    const entry = await readEntry(archive, submission)
    const archived = entry && (await archive.logFiles.read(entry.seq))
    if (!archived) continue
    const gone = new Set(archived.expired?.checks)
    const fresh = uids.filter((uid) => !gone.has(uid))
    dropped += fresh.length
    if (dryRun || fresh.length === 0) continue
    await archive.logFiles.replace({ ...archived, expired: { at, checks: [...gone, ...fresh].sort() } })
    await archive.sql.transaction((query) => dropChecks(query, fresh))
  }
  let rows = 0
  for (const submission of submissions) {
    const entry = await readEntry(archive, submission)
    const archived = entry && (await archive.logFiles.read(entry.seq))
    if (!archived?.envelope) continue
    rows++
    if (dryRun) continue
    await archive.logFiles.replace({ entry: archived.entry, expired: { at } })
  }
  // Others may have submitted the same images, and are now the first.
  if (rows > 0 && !dryRun) await archive.sql.transaction((query) => replay(query, archive.logFiles))
  return { checks: dropped, rows }
}

async function dropChecks(query: Query, uids: readonly string[]): Promise<void> {
  for (const uid of uids) {
    const [row] = await query<{ body: Uint8Array }>('SELECT body FROM cell_detail WHERE uid = ?', [uid])
    if (row) await query('UPDATE cell_detail SET body = ? WHERE uid = ?', [withoutChecks(row.body), uid])
  }
}

async function bySubmission({ sql }: Archive, uids: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const uid of uids) {
    const [row] = await sql.query<{ submission: string }>('SELECT submission FROM cell_run WHERE uid = ?', [uid])
    if (row) found.set(row.submission, [...(found.get(row.submission) ?? []), uid])
  }
  return found
}
