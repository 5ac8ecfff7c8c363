import type { CheckRecord } from '../../results/check-record.ts'
import type { Status } from '../../results/status.ts'
import type { ResultCell } from '../../publish/results-schema.ts'
import { unpack } from '../pack.ts'
import { readPage, type Page, type PageRequest, type ReadArchive, type Standing } from './page.ts'

/** One cell of one run. */
export interface CellRunRow {
  uid: string
  submission: string
  seq: number
  submitter: string
  cell: string
  platform: string
  /** The name of its image. */
  image: string
  /** Null when no image was found. */
  digest: string | null
  build: string
  status: Status
  flaky: number
  reason: string | null
  startedAt: number
  durationMs: number
  attempt: number
  boots: number
  /** Until the agent had finished on the first boot, where it was measured. */
  bootMs: number | null
  pass: number
  fail: number
  error: number
  miss: number
  skip: number
  done: number
  waived: number
  flakyChecks: number
  usd: number | null
  state: Standing
}

/** A file of a cell run; its content is found by its digest. */
export interface FileRow {
  name: string
  title: string
  kind: 'log' | 'facts'
  phase: string | null
  subject: string | null
  digest: string
  bytes: number
  truncated: number
}

/** What is kept of a cell run besides its row. Checks are gone when the archive no longer keeps them. */
export type CellDetail = Pick<
  ResultCell,
  'axes' | 'suites' | 'tier' | 'agent' | 'error' | 'usage' | 'upgrade' | 'earlier' | 'measured' | 'warnings'
> & { checks?: CheckRecord[] }

/** Selects cell runs as `c`. */
export const CELL_RUN = `SELECT c.uid AS uid, c.submission AS submission, c.seq AS seq, c.submitter AS submitter, c.cell AS cell,
  c.platform AS platform, c.image AS image, c.digest AS digest, c.build AS build, c.status AS status, c.flaky AS flaky, c.reason AS reason,
  c.started_at AS "startedAt", c.duration_ms AS "durationMs", c.attempt AS attempt, c.boots AS boots, c.boot_ms AS "bootMs",
  c.n_pass AS pass, c.n_fail AS fail, c.n_error AS error, c.n_miss AS miss, c.n_skip AS skip, c.n_done AS done, c.n_waived AS waived,
  c.n_flaky AS "flakyChecks", c.usd AS usd, v.state AS state
  FROM cell_run c JOIN submission_state v ON v.id = c.submission`

/** Cell runs, newest first: all, or those of a cell, an image, a build, a digest. */
export async function listCellRuns(
  archive: ReadArchive,
  request: PageRequest & {
    cell?: string
    image?: string
    build?: string
    digest?: string
    platform?: string
    submitter?: string
    status?: string
  } = {},
): Promise<Page<CellRunRow>> {
  const { cell, image, build, digest, platform, submitter, status } = request
  const filter = {
    'c.cell': cell,
    'c.image': image,
    'c.build': build,
    'c.digest': digest,
    'c.platform': platform,
    'c.submitter': submitter,
    'c.status': status,
  }
  return await readPage<CellRunRow>(
    archive,
    { select: CELL_RUN, order: ['c.started_at', 'c.uid'], descending: true, filter },
    request,
  )
}

/** One cell run with everything that is known of it. */
export async function findCellRun(
  { sql }: ReadArchive,
  uid: string,
): Promise<{ row: CellRunRow; detail: CellDetail; files: FileRow[] } | undefined> {
  const [row] = await sql.query<CellRunRow>(`${CELL_RUN} WHERE c.uid = ?`, [uid])
  if (!row) return undefined
  const [detail] = await sql.query<{ body: Uint8Array }>('SELECT body FROM cell_detail WHERE uid = ?', [uid])
  const files = await sql.query<FileRow>(
    'SELECT name, title, kind, phase, subject, digest, bytes, truncated FROM file WHERE uid = ? ORDER BY kind DESC, name',
    [uid],
  )
  return { row, detail: detail ? unpack<CellDetail>(detail.body) : NOTHING, files }
}

const NOTHING: CellDetail = {
  axes: {},
  suites: [],
  agent: { name: '', source: '' },
  earlier: [],
  measured: [],
  warnings: [],
}

/** All judgements of many cell runs; those whose checks are gone are left out. */
export async function checksOf({ sql }: ReadArchive, uids: readonly string[]): Promise<Map<string, CheckRecord[]>> {
  const found = new Map<string, CheckRecord[]>()
  for (let from = 0; from < uids.length; from += 500) {
    const some = uids.slice(from, from + 500)
    const rows = await sql.query<{ uid: string; body: Uint8Array }>(
      `SELECT uid, body FROM cell_detail WHERE uid IN (${some.map(() => '?').join(', ')})`,
      some,
    )
    for (const { uid, body } of rows) {
      const { checks } = unpack<CellDetail>(body)
      if (checks) found.set(uid, checks)
    }
  }
  return found
}
