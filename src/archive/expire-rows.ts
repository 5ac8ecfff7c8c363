import { setImmediate } from 'node:timers/promises'
import { replay, withoutChecks } from './archived-rows.ts'
import type { Archive } from './archive.ts'
import type { Query } from './database/sql.ts'
import { checksOf } from './read/cell-runs.ts'
import { readEntry } from './read/submissions.ts'

/** What an archive no longer keeps, by the names of it. */
export interface Expired {
  /** Cell runs that keep their findings and numbers, but not every judgement. */
  checks: readonly string[]
  /** Submissions of which only the line in the log stays. */
  submissions: readonly string[]
}

/**
 * Removes judgements and rows, and notes it in the file of the submission, so that a database that is made anew from the files has the
 * same. What a round that was killed left undone, the next one does.
 */
export async function expireRows(
  archive: Archive,
  { checks, submissions }: Expired,
  { at, dryRun }: { at: string; dryRun: boolean },
): Promise<{ checks: number; rows: number }> {
  const there = await withJudgements(archive, checks)
  for (const [submission, uids] of dryRun ? [] : await bySubmission(archive, there)) {
    const entry = await readEntry(archive, submission)
    const archived = entry && (await archive.logFiles.read(entry.seq))
    if (!archived) continue
    const gone = new Set(archived.expired?.checks)
    const all = [...new Set([...gone, ...uids])].sort()
    if (all.length > gone.size) await archive.logFiles.replace({ ...archived, expired: { at, checks: all } })
    // The database last: as long as it has them, the next round looks again.
    await archive.sql.transaction((query) => dropChecks(query, uids))
  }
  let rows = 0
  for (const submission of submissions) {
    const entry = await readEntry(archive, submission)
    const archived = entry && (await archive.logFiles.read(entry.seq))
    if (!archived) continue
    // The database has rows of it; without an envelope those are what a killed round left.
    rows++
    if (dryRun || !archived.envelope) continue
    await archive.logFiles.replace({ entry: archived.entry, expired: { at } })
  }
  // Others may have submitted the same images, and are now the first.
  if (rows > 0 && !dryRun) await archive.sql.transaction((query) => replay(query, archive.logFiles))
  return { checks: there.length, rows }
}

/** Of cell runs those whose judgements the database still has. Whoever reads pages has a turn in between. */
async function withJudgements(archive: Archive, uids: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (let from = 0; from < uids.length; from += AT_ONCE) {
    const checks = await checksOf(archive, uids.slice(from, from + AT_ONCE))
    found.push(...checks.keys())
    await setImmediate()
  }
  return found.sort()
}

const AT_ONCE = 200

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
