import type { Sql } from '../database/sql.ts'
import { FIRST_PREV, type LogEntry } from '../log-entry.ts'
import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** A line of the log, and whether it still counts. */
export interface SubmissionRow extends LogEntry {
  state: Standing
}

const SELECT = `SELECT s.seq AS seq, s.id AS id, s.kind AS kind, s.submitter AS submitter, s.credential AS credential,
  s.received_at AS "receivedAt", s.bytes AS bytes, s.prev_hash AS prev, s.entry_hash AS hash, s.signature AS signature, v.state AS state
  FROM submission s JOIN submission_state v ON v.id = s.id`

/** The log from its beginning; `after` leaves out entries up to that number. */
export async function readLog(
  archive: ReadArchive,
  request: PageRequest & { after?: number } = {},
): Promise<Page<SubmissionRow>> {
  const { after } = request
  const where = after === undefined ? [] : [{ text: 's.seq > ?', values: [after] }]
  return await readPage<SubmissionRow>(archive, { select: SELECT, order: ['s.seq'], where }, request)
}

/** Submissions, newest first. */
export async function listSubmissions(
  archive: ReadArchive,
  request: PageRequest & { submitter?: string; kind?: string } = {},
): Promise<Page<SubmissionRow>> {
  const filter = { 's.submitter': request.submitter, 's.kind': request.kind }
  return await readPage<SubmissionRow>(archive, { select: SELECT, order: ['s.seq'], descending: true, filter }, request)
}

/** One submission, with what was said about it later. */
export async function findSubmission(
  archive: ReadArchive,
  id: string,
): Promise<(SubmissionRow & { retractedBy: { submission: string; reason: string; at: number }[] }) | undefined> {
  const [row] = await archive.sql.query<SubmissionRow>(`${SELECT} WHERE s.id = ?`, [id])
  if (!row) return undefined
  const retractedBy = await archive.sql.query<{ submission: string; reason: string; at: number }>(
    'SELECT submission, reason, at FROM retraction WHERE target = ? ORDER BY at, submission',
    [id],
  )
  return { ...row, retractedBy }
}

/** The newest entry of the log: whoever keeps it can tell later whether something before it was changed. */
export async function archiveHead({ sql }: ReadArchive): Promise<{ seq: number; hash: string; receivedAt: number }> {
  const [row] = await sql.query<{ seq: number; hash: string; receivedAt: number }>(
    'SELECT seq, entry_hash AS hash, received_at AS "receivedAt" FROM submission ORDER BY seq DESC LIMIT 1',
  )
  return row ?? { seq: 0, hash: FIRST_PREV, receivedAt: 0 }
}

/** The line of the log for a payload, if it was accepted. */
export async function readEntry({ sql }: { sql: Pick<Sql, 'query'> }, id: string): Promise<LogEntry | undefined> {
  const [row] = await sql.query<LogEntry>(
    `SELECT seq, id, kind, submitter, credential, received_at AS "receivedAt", bytes, prev_hash AS prev, entry_hash AS hash, signature
     FROM submission WHERE id = ?`,
    [id],
  )
  return row
}
