import { matchesGlob } from '../../matrix/glob.ts'
import type { ReadArchive } from './page.ts'
import { passedTwice } from './passed-twice.ts'
import type { WaiverRow } from './people.ts'

/** What became of the failures that a waiver excuses. */
export interface WaiverWork {
  /** Failing checks of cells that it is about. */
  about: number
  /** Those that passed twice in a row since, so that it excuses them no longer. */
  done: number
  /** When the last of them did, in milliseconds. */
  doneAt: number
}

interface Failing {
  cell: string
  submitter: string
  image: string
  digest: string | null
  check: string
}

/** Failures of before a waiver that it may have been made for. */
const BEFORE_MS = 30 * 86_400_000
/** A waiver of more is about everything, and is not counted. */
const MOST = 300

/** What became of the failures that waivers excuse, by the submission of the waiver. Those about nothing that failed are left out. */
export async function workOfWaivers(
  archive: ReadArchive,
  waivers: readonly WaiverRow[],
): Promise<Map<string, WaiverWork>> {
  const found = new Map<string, WaiverWork>()
  if (waivers.length === 0) return found
  const since = Math.min(...waivers.map(({ from }) => from)) - BEFORE_MS
  const failing = await archive.sql.query<Failing>(
    `SELECT DISTINCT c.cell AS cell, c.submitter AS submitter, c.image AS image, c.digest AS digest, f.check_id AS "check"
     FROM finding f JOIN cell_run c ON c.uid = f.uid JOIN submission_state v ON v.id = c.submission
     WHERE v.state = 'accepted' AND f.status IN ('fail', 'error') AND c.started_at >= ?`,
    [since],
  )
  for (const waiver of waivers) {
    const own = failing.filter((one) => isAbout(waiver, one))
    const distinct = new Map(own.map((one) => [JSON.stringify([one.cell, one.submitter, one.check]), one]))
    if (distinct.size === 0 || distinct.size > MOST) continue
    const work: WaiverWork = { about: distinct.size, done: 0, doneAt: 0 }
    for (const { cell, submitter, check } of distinct.values()) {
      const at = await passedTwice(archive, { cell, submitter, check, images: waiver.images, since: waiver.from })
      if (at === undefined) continue
      work.done++
      work.doneAt = Math.max(work.doneAt, at)
    }
    found.set(waiver.submission, work)
  }
  return found
}

function isAbout(waiver: WaiverRow, { cell, submitter, image, digest, check }: Failing): boolean {
  const covers = (globs: readonly string[], text: string | null) =>
    text !== null && globs.some((glob) => matchesGlob(text, glob))
  return (
    submitter !== waiver.submitter &&
    covers(waiver.checks, check) &&
    covers(waiver.cells, cell) &&
    (covers(waiver.images, image) || covers(waiver.images, digest))
  )
}
