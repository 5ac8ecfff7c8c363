import type { Status } from '../../results/status.ts'
import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** A judgement that is no plain pass: it failed, broke or could not be made. */
export interface FindingRow {
  uid: string
  /** Suite, check, phase and subject: tells judgements of one cell run apart. */
  judgement: string
  check: string
  suite: string
  status: Status
  severity: string
  title: string
  /** What the check saw, at most 16 KiB. */
  excerpt: string
  /** JSON of the waiver the run itself knew. */
  waived: string | null
  cell: string
  image: string
  build: string
  submitter: string
  startedAt: number
  state: Standing
}

const SELECT = `SELECT f.uid AS uid, f.judgement AS judgement, f.check_id AS "check", f.suite AS suite, f.status AS status,
  f.severity AS severity, f.title AS title, f.excerpt AS excerpt, f.waived AS waived, c.cell AS cell, c.image AS image, c.build AS build,
  c.submitter AS submitter, c.started_at AS "startedAt", v.state AS state
  FROM finding f JOIN cell_run c ON c.uid = f.uid JOIN submission_state v ON v.id = c.submission`

/** Findings, newest first. */
export async function listFindings(
  archive: ReadArchive,
  request: PageRequest & { check?: string; status?: string; cell?: string; image?: string; build?: string } = {},
): Promise<Page<FindingRow>> {
  const { check, status, cell, image, build } = request
  const filter = { 'f.check_id': check, 'f.status': status, 'c.cell': cell, 'c.image': image, 'c.build': build }
  return await readPage<FindingRow>(
    archive,
    { select: SELECT, order: ['c.started_at', 'f.uid', 'f.judgement'], descending: true, filter },
    request,
  )
}

/** Findings of some cell runs. */
export async function findingsOf({ sql }: ReadArchive, uids: readonly string[]): Promise<FindingRow[]> {
  const all: FindingRow[] = []
  for (let from = 0; from < uids.length; from += 500) {
    const some = uids.slice(from, from + 500)
    const marks = some.map(() => '?').join(', ')
    all.push(...(await sql.query<FindingRow>(`${SELECT} WHERE f.uid IN (${marks}) ORDER BY f.uid, f.judgement`, some)))
  }
  return all
}
