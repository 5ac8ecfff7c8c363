import { matchesGlob } from '../matrix/glob.ts'
import type { Archive } from './archive.ts'
import { expireRows, type Expired } from './expire-rows.ts'
import { everyItem } from './read/page.ts'
import { listWaivers } from './read/people.ts'

/** How long what is kept of results, by the class of the build they are about. Days; absent means for ever. */
export interface RetentionRule {
  logs?: number
  checks?: number
  rows?: number
}

export type RetentionClass = 'daily' | 'weekly' | 'monthly' | 'release' | 'referenced'

/**
 * The first build of a month is kept longer than the first of a week, and that longer than others. What was approved, and what a
 * waiver that lasts or an issue that is there rests on, is kept.
 */
export const RETENTION: Readonly<Record<RetentionClass, RetentionRule>> = {
  daily: { logs: 14, checks: 60, rows: 396 },
  weekly: { logs: 90, checks: 365 },
  monthly: { logs: 365 },
  release: {},
  referenced: {},
}

export interface RetentionReport {
  /** Cell runs of each class. */
  classes: Record<RetentionClass, number>
  logs: number
  /** Files that were uploaded for a submission that never came, or not to their end. */
  strays: number
  checks: number
  rows: number
  /** Bytes on disk that became free. */
  freed: number
}

export interface RetentionOptions {
  now: number
  rules?: Readonly<Record<RetentionClass, RetentionRule>>
  /** Say what would go, and remove nothing. */
  dryRun?: boolean
  /** Most bytes that logs may take: older ones that nothing refers to go first. */
  mostBytes?: number
  /** Results that somebody refers to from outside of the archive, such as known issues. */
  keep?: ReadonlySet<string>
}

const DAY_MS = 86_400_000
/** Rows go once a month: all others are made again then, which takes minutes in a large archive. */
const ROWS_TOGETHER_DAYS = 30

interface Kept {
  uid: string
  submission: string
  cell: string
  image: string
  digest: string | null
  build: string
  builtAt: number
  startedAt: number
}

/** Removes what is older than its class allows, and leaves tombstones. Logs go first, rows last. */
export async function applyRetention(archive: Archive, options: RetentionOptions): Promise<RetentionReport> {
  return await archive.alone(() => retain(archive, options))
}

async function retain(archive: Archive, options: RetentionOptions): Promise<RetentionReport> {
  const { now, rules = RETENTION, dryRun = false } = options
  const all = await archive.sql.query<Kept>(
    `SELECT c.uid AS uid, c.submission AS submission, c.cell AS cell, c.image AS image, c.digest AS digest, c.build AS build, c.started_at AS "startedAt",
       COALESCE((SELECT max(i.built_at) FROM image i WHERE i.name = c.image AND i.build = c.build), c.started_at) AS "builtAt"
     FROM cell_run c ORDER BY c.started_at, c.uid`,
  )
  const released = await releasedRuns(archive)
  const referenced = await waivedRuns(archive, all, now)
  for (const uid of options.keep ?? []) referenced.add(uid)
  const classOf = classifier(all, released, referenced)
  const classes: Record<RetentionClass, number> = { daily: 0, weekly: 0, monthly: 0, release: 0, referenced: 0 }
  const over = (kept: Kept, part: keyof RetentionRule, moreDays = 0) => {
    const days = rules[classOf(kept)][part]
    return days !== undefined && kept.startedAt < now - (days + moreDays) * DAY_MS
  }
  for (const kept of all) classes[classOf(kept)]++
  const logsOf = all.filter((kept) => over(kept, 'logs')).map(({ uid }) => uid)
  const at = new Date(now).toISOString()
  const keptUids = all.filter((kept) => !over(kept, 'logs')).map(({ uid }) => uid)
  const logs = await unsharedLogs(archive, logsOf, keptUids)
  let freed = 0
  let removed = 0
  const remove = async (digest: string, reason: string) => {
    freed += (await archive.blobs.size(digest)) ?? 0
    removed++
    if (!dryRun) await archive.blobs.remove(digest, { at, reason })
  }
  for (const digest of logs) if (await archive.blobs.has(digest)) await remove(digest, 'older than logs are kept')
  const strays = await removeStrays(archive, now, dryRun)
  freed += strays.freed
  if (options.mostBytes !== undefined) {
    const important = new Set([...released, ...referenced])
    for (const digest of await logsOverLimit(archive, options.mostBytes + (dryRun ? freed : 0), important))
      await remove(digest, 'there was no space for more logs')
  }
  const expired: Expired = {
    checks: all.filter((kept) => over(kept, 'checks') && !over(kept, 'rows')).map(({ uid }) => uid),
    submissions: all.some((kept) => over(kept, 'rows', ROWS_TOGETHER_DAYS))
      ? wholeSubmissions(all, (kept) => over(kept, 'rows'))
      : [],
  }
  const done = await expireRows(archive, expired, { at, dryRun })
  return { classes, logs: removed, strays: strays.files, checks: done.checks, rows: done.rows, freed }
}

/** Cell runs of images that somebody approved. */
async function releasedRuns(archive: Archive): Promise<Set<string>> {
  const rows = await archive.sql.query<{ uid: string }>(
    `SELECT c.uid AS uid FROM cell_run c WHERE EXISTS (SELECT 1 FROM approval a JOIN submission_state v ON v.id = a.submission
       WHERE a.digest = c.digest AND v.state = 'accepted' AND a.verdict = 'go')`,
  )
  return new Set(rows.map(({ uid }) => uid))
}

/** Cell runs that a waiver speaks about which still lasts. */
async function waivedRuns(archive: Archive, all: readonly Kept[], now: number): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const waiver of everyItem((request) => listWaivers(archive, request))) {
    if (waiver.state !== 'accepted' || waiver.until < now) continue
    const covers = (globs: readonly string[], text: string) => globs.some((glob) => matchesGlob(text, glob))
    for (const { uid, image, digest, cell } of all) {
      const named = covers(waiver.images, image) || (digest !== null && covers(waiver.images, digest))
      if (named && covers(waiver.cells, cell)) found.add(uid)
    }
  }
  return found
}

/** The class of a cell run: what is referenced is kept; else the first build of its month or week is kept longer. */
function classifier(
  all: readonly Kept[],
  released: ReadonlySet<string>,
  referenced: ReadonlySet<string>,
): (kept: Kept) => RetentionClass {
  const first = new Map<string, { build: string; at: number }>()
  const note = (key: string, { build, builtAt }: Kept) => {
    const known = first.get(key)
    if (!known || builtAt < known.at || (builtAt === known.at && build < known.build))
      first.set(key, { build, at: builtAt })
  }
  const month = ({ image, builtAt }: Kept) => `${image} month ${new Date(builtAt).toISOString().slice(0, 7)}`
  // Weeks begin on Monday; 1970 began on a Thursday.
  const week = ({ image, builtAt }: Kept) => `${image} week ${Math.floor((builtAt / DAY_MS + 3) / 7)}`
  for (const kept of all) {
    note(month(kept), kept)
    note(week(kept), kept)
  }
  return (kept) => {
    if (released.has(kept.uid)) return 'release'
    if (referenced.has(kept.uid)) return 'referenced'
    if (first.get(month(kept))?.build === kept.build) return 'monthly'
    return first.get(week(kept))?.build === kept.build ? 'weekly' : 'daily'
  }
}

/** Uploads wait this long for the submission that names them. */
const STRAY_DAYS = 7

async function removeStrays(archive: Archive, now: number, dryRun: boolean): Promise<{ files: number; freed: number }> {
  const rows = await archive.sql.query<{ digest: string }>('SELECT DISTINCT digest FROM file')
  const named = new Set(rows.map(({ digest }) => digest))
  return await archive.blobs.removeStrays((digest) => named.has(digest), now - STRAY_DAYS * DAY_MS, dryRun)
}

/** Digests of files that only cell runs of the first list have. */
async function unsharedLogs(archive: Archive, old: readonly string[], kept: readonly string[]): Promise<string[]> {
  const stillUsed = await digestsOf(archive, kept)
  return [...(await digestsOf(archive, old))].filter((digest) => !stillUsed.has(digest)).sort()
}

async function digestsOf({ sql }: Archive, uids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (let from = 0; from < uids.length; from += 500) {
    const some = uids.slice(from, from + 500)
    const marks = some.map(() => '?').join(', ')
    for (const { digest } of await sql.query<{ digest: string }>(
      `SELECT DISTINCT digest FROM file WHERE uid IN (${marks})`,
      some,
    ))
      found.add(digest)
  }
  return found
}

/** The oldest logs that nothing refers to, until the others fit. */
async function logsOverLimit(archive: Archive, most: number, important: ReadonlySet<string>): Promise<string[]> {
  const rows = await archive.sql.query<{ digest: string; uid: string }>(
    'SELECT f.digest AS digest, f.uid AS uid FROM file f JOIN cell_run c ON c.uid = f.uid ORDER BY c.started_at, f.digest',
  )
  const keep = new Set(rows.filter(({ uid }) => important.has(uid)).map(({ digest }) => digest))
  const sizes = new Map<string, number>()
  for (const { digest } of rows) if (!sizes.has(digest)) sizes.set(digest, (await archive.blobs.size(digest)) ?? 0)
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const chosen: string[] = []
  for (const [digest, size] of sizes) {
    if (total <= most) break
    if (keep.has(digest) || size === 0) continue
    chosen.push(digest)
    total -= size
  }
  return chosen
}

function wholeSubmissions(all: readonly Kept[], isOver: (kept: Kept) => boolean): string[] {
  const fresh = new Set(all.filter((kept) => !isOver(kept)).map(({ submission }) => submission))
  return [...new Set(all.map(({ submission }) => submission))].filter((submission) => !fresh.has(submission))
}
