import { matchesGlob } from '../../matrix/glob.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import type { Status } from '../../results/status.ts'
import { checksOf } from './cell-runs.ts'
import type { ReadArchive } from './page.ts'

/** Results of which a waiver may have done its work. */
export interface Watched {
  cell: string
  /** Whose results; absent means everybody's. */
  submitter?: string
  /** Id of a check; `*` is the cell as a whole. */
  check: string
  /** Globs over names and digests of images. */
  images: readonly string[]
  /** Milliseconds: only later results are looked at. */
  since: number
}

interface Row {
  uid: string
  image: string
  digest: string | null
  status: Status
  startedAt: number
}

const AT_ONCE = 50

/**
 * When a check had passed twice in a row: then whoever excuses it would hide the next regression. Results in which it was not judged
 * are passed over.
 * @param seq how far into the log is looked; default to its end
 * @returns milliseconds, or undefined when that has not happened
 */
export async function passedTwice(archive: ReadArchive, watched: Watched, seq?: number): Promise<number | undefined> {
  const last = seq ?? Number.MAX_SAFE_INTEGER
  const { cell, submitter, check, images, since } = watched
  const all = await archive.sql.query<Row>(
    `SELECT c.uid AS uid, c.image AS image, c.digest AS digest, c.status AS status, c.started_at AS "startedAt"
     FROM cell_run c JOIN submission_state v ON v.id = c.submission
     WHERE c.cell = ? AND c.started_at >= ? AND c.seq <= ? ${submitter === undefined ? '' : 'AND c.submitter = ?'}
       AND v.state <> 'distrusted' AND NOT EXISTS (
         SELECT 1 FROM retraction t JOIN submission s ON s.id = t.submission WHERE t.target = v.id AND s.seq <= ?)
     ORDER BY c.started_at, c.uid`,
    [cell, since, last, ...(submitter === undefined ? [] : [submitter]), last],
  )
  const covered = (text: string | null) => text !== null && images.some((glob) => matchesGlob(text, glob))
  const rows = all.filter(({ image, digest }) => covered(image) || covered(digest))
  let passes = 0
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const some = rows.slice(from, from + AT_ONCE)
    const checks =
      check === '*'
        ? undefined
        : await checksOf(
            archive,
            some.map(({ uid }) => uid),
          )
    for (const { uid, status, startedAt } of some) {
      const passed = checks ? outcomeOf(checks.get(uid) ?? [], check) : outcome([status])
      if (passed === undefined) continue
      passes = passed ? passes + 1 : 0
      if (passes === 2) return startedAt
    }
  }
  return undefined
}

function outcomeOf(records: readonly CheckRecord[], check: string): boolean | undefined {
  return outcome(records.filter(({ id, baseline }) => id === check && !baseline).map(({ status }) => status))
}

/** Whether it passed; undefined when it was not judged. */
function outcome(statuses: readonly Status[]): boolean | undefined {
  if (statuses.some((status) => status === 'fail' || status === 'error')) return false
  if (statuses.includes('miss')) return undefined
  return statuses.some((status) => status === 'pass' || status === 'done') ? true : undefined
}
