import {
  archiveHead,
  checksOf,
  findImage,
  listImages,
  passedTwice,
  type ImageRow,
  type ReadArchive,
} from '../archive/index.ts'
import { ConfigError } from '../core/errors.ts'
import type { Status } from '../results/status.ts'
import type { GateEvidence, GateImage, GateResult, SignedWaiver, Spent } from './evidence.ts'
import { isAbout } from './judge-cell.ts'

/** A point of the log of an archive, and the moment ages are counted from. */
export interface AsOf {
  seq: number
  at: string
}

/** The image a user names: a digest, a name (its newest build), or `NAME@BUILD`. @throws ConfigError when it is not known */
export async function findGateImage(archive: ReadArchive, wanted: string): Promise<GateImage> {
  const image = await findRow(archive, wanted)
  if (!image) {
    throw new ConfigError(`the archive knows no image ${wanted}`, {
      hint: 'name a digest, an image, or IMAGE@BUILD; publish results of it first',
    })
  }
  return { name: image.name, digest: image.digest, basis: image.basis }
}

async function findRow(archive: ReadArchive, wanted: string): Promise<ImageRow | undefined> {
  if (/^(sha256|reported):/.test(wanted)) return (await findImage(archive, wanted)).names[0]
  const [name = '', build] = wanted.split('@')
  const { items } = await listImages(archive, { name, ...(build === undefined ? {} : { build }), limit: 1 })
  return items[0]
}

/**
 * What an archive knew about an image at a point of its log. Without one: all it knows now.
 * A key that was found to be in wrong hands later takes its results away also from an older point.
 */
export async function readEvidence(
  archive: ReadArchive,
  image: GateImage,
  point?: AsOf,
  now: () => number = Date.now,
): Promise<GateEvidence> {
  const asOf = point ?? { seq: (await archiveHead(archive)).seq, at: new Date(now()).toISOString() }
  const rows = await archive.sql.query<Row>(
    `SELECT c.uid AS uid, c.submission AS submission, c.submitter AS submitter, c.cell AS cell, c.status AS status,
       c.started_at AS "startedAt", cell.axes AS axes, cell.platform AS platform, cell.image AS image
     FROM cell_run c JOIN cell ON cell.id = c.cell JOIN submission_state v ON v.id = c.submission
     WHERE c.digest = ? AND c.seq <= ? AND ${STANDING} ORDER BY c.uid`,
    [image.digest, asOf.seq, asOf.seq],
  )
  const checks = await checksOf(
    archive,
    rows.map(({ uid }) => uid),
  )
  const results = rows.map((row): GateResult => {
    const { uid, submission, submitter, cell, status, startedAt } = row
    const at = new Date(startedAt).toISOString()
    return { id: uid, submission, submitter, cell, axes: axesOf(row), status, at, checks: checks.get(uid) ?? [] }
  })
  const planned = await plannedFor(archive, image, asOf)
  const about = { image, asOf, results, planned }
  const waivers: SignedWaiver[] = []
  for (const waiver of await waiversAt(archive, asOf))
    waivers.push({ ...waiver, spent: await spentOf(archive, waiver, about) })
  return { ...about, waivers }
}

/** Of what fails or is missing now, and a waiver speaks about: what had passed twice in a row since the waiver began. */
async function spentOf(
  archive: ReadArchive,
  waiver: Omit<SignedWaiver, 'spent'>,
  about: Omit<GateEvidence, 'waivers'>,
): Promise<Spent[]> {
  const failing = about.results.flatMap(({ submitter, cell, checks }) =>
    checks.filter(({ status }) => FAILS.has(status)).map(({ id }) => ({ submitter, cell, check: id })),
  )
  const unjudged = waiver.missing ? about.planned.map(({ cell }) => ({ submitter: '', cell, check: '*' })) : []
  const asked = [...failing, ...unjudged].filter((one) => isAbout(waiver, about, one, one.check))
  const distinct = new Map(asked.map((one) => [JSON.stringify([one.submitter, one.cell, one.check]), one]))
  const spent: Spent[] = []
  for (const one of distinct.values()) {
    const { submitter, cell, check } = one
    const since = Date.parse(waiver.from)
    const whose = submitter === '' ? {} : { submitter }
    const watched = { cell, check, images: waiver.images, since, ...whose }
    if ((await passedTwice(archive, watched, about.asOf.seq)) !== undefined) spent.push(one)
  }
  return spent
}

const FAILS: ReadonlySet<Status> = new Set<Status>(['fail', 'error', 'miss'])

interface Row {
  uid: string
  submission: string
  submitter: string
  cell: string
  status: Status
  startedAt: number
  axes: string
  platform: string
  image: string
}

/** That a submission had not been taken back at a point of the log, and its key is trusted. */
const STANDING = `v.state <> 'distrusted' AND NOT EXISTS (
  SELECT 1 FROM retraction t JOIN submission s ON s.id = t.submission WHERE t.target = v.id AND s.seq <= ?)`

function axesOf({ axes, platform, image }: Pick<Row, 'axes' | 'platform' | 'image'>): Record<string, string> {
  return { platform, image, ...(JSON.parse(axes) as Record<string, string>) }
}

/** Cells of the plans of all runs that judged the image. */
async function plannedFor(archive: ReadArchive, image: GateImage, asOf: AsOf): Promise<GateEvidence['planned']> {
  const plans = await archive.sql.query<{ cells: string }>(
    `SELECT DISTINCT p.digest AS digest, p.cells AS cells FROM plan p JOIN run r ON r.plan = p.digest JOIN submission_state v ON v.id = r.submission
     WHERE r.seq <= ? AND ${STANDING} AND r.submission IN (SELECT submission FROM cell_run WHERE digest = ?)`,
    [asOf.seq, asOf.seq, image.digest],
  )
  const ids = new Set(plans.flatMap(({ cells }) => JSON.parse(cells) as string[]))
  return [...ids]
    .filter((cell) => cell.split('/')[1] === image.name)
    .sort()
    .map((cell) => ({ cell, axes: {} }))
}

async function waiversAt(archive: ReadArchive, asOf: AsOf): Promise<Omit<SignedWaiver, 'spent'>[]> {
  const rows = await archive.sql.query<
    Record<'id' | 'submitter' | 'images' | 'cells' | 'checks', string> & Record<'missing' | 'from' | 'until', number>
  >(
    `SELECT w.id AS id, w.submitter AS submitter, w.images AS images, w.cells AS cells, w.checks AS checks, w.missing AS missing,
       w.from_at AS "from", w.until_at AS until
     FROM waiver w JOIN submission o ON o.id = w.submission JOIN submission_state v ON v.id = w.submission
     WHERE o.seq <= ? AND ${STANDING} ORDER BY o.seq`,
    [asOf.seq, asOf.seq],
  )
  const list = (text: string) => JSON.parse(text) as string[]
  return rows.map(({ id, submitter, images, cells, checks, missing, from, until }) => ({
    id,
    submitter,
    images: list(images),
    cells: list(cells),
    checks: list(checks),
    missing: missing === 1,
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
  }))
}
