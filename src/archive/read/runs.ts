import type { Status } from '../../results/status.ts'
import { CELL_RUN, type CellRunRow } from './cell-runs.ts'
import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** A run, or a part of a large one, as it was submitted. */
export interface RunRow {
  /** Names it: runs of different submitters may have the same id. */
  submission: string
  seq: number
  runId: string
  submitter: string
  harness: string
  triggerKind: 'person' | 'ci' | 'import'
  triggerUrl: string | null
  part: number
  parts: number
  /** `harness`, or what it was imported from. */
  format: string
  plan: string | null
  startedAt: number
  durationMs: number
  status: Status
  cells: number
  receivedAt: number
  state: Standing
}

const SELECT = `SELECT r.submission AS submission, r.seq AS seq, r.run_id AS "runId", r.submitter AS submitter, r.harness AS harness,
  r.trigger_kind AS "triggerKind", r.trigger_url AS "triggerUrl", r.part AS part, r.parts AS parts, r.format AS format, r.plan AS plan,
  r.started_at AS "startedAt", r.duration_ms AS "durationMs", r.status AS status, r.cells AS cells, s.received_at AS "receivedAt", v.state AS state
  FROM run r JOIN submission s ON s.id = r.submission JOIN submission_state v ON v.id = r.submission`

/** Runs in the order they came, newest first. */
export async function listRuns(
  archive: ReadArchive,
  request: PageRequest & { submitter?: string; status?: string } = {},
): Promise<Page<RunRow>> {
  const filter = { 'r.submitter': request.submitter, 'r.status': request.status }
  return await readPage<RunRow>(archive, { select: SELECT, order: ['r.seq'], descending: true, filter }, request)
}

/** One run with its cells, worst first. */
export async function findRun(
  archive: ReadArchive,
  submission: string,
): Promise<{ run: RunRow; cells: CellRunRow[] } | undefined> {
  const [run] = await archive.sql.query<RunRow>(`${SELECT} WHERE r.submission = ?`, [submission])
  if (!run) return undefined
  const cells = await archive.sql.query<CellRunRow>(
    `${CELL_RUN} WHERE c.submission = ?
     ORDER BY CASE c.status WHEN 'fail' THEN 0 WHEN 'error' THEN 1 WHEN 'miss' THEN 2 WHEN 'pass' THEN 3 ELSE 4 END, c.cell`,
    [submission],
  )
  return { run, cells }
}
