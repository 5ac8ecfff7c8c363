import {
  checksOf,
  everyItem,
  findCellRun,
  findDecision,
  findImage,
  findingsOf,
  findRun,
  findSubmission,
  listApprovals,
  listCellRuns,
  listCells,
  listCredentials,
  listDecisions,
  listFindings,
  listImageNames,
  listImages,
  listRuns,
  listSubmitters,
  listWaivers,
  newestOfCells,
  packagesOf,
  plannedCells,
  readGrid,
  workOfWaivers,
  type ApprovalRow,
  type CellRunRow,
  type ImageRow,
  type ReadArchive,
} from '../archive/index.ts'
import { compareBuilds, type BuildSide } from './compare-builds.ts'
import { compareFacts } from './compare-facts.ts'
import type { Links } from './links.ts'
import { tailsOf } from './log-tails.ts'
import { cellPage } from './pages/cell.ts'
import { checkPage } from './pages/check.ts'
import { comparePage } from './pages/compare.ts'
import { coveragePage } from './pages/coverage.ts'
import { finderPage } from './pages/finder.ts'
import { gridPage } from './pages/grid.ts'
import { imagePage } from './pages/image.ts'
import { issuePage } from './pages/issue.ts'
import { issuesPage } from './pages/issues.ts'
import { overviewPage } from './pages/overview.ts'
import type { SubmittedDecision } from './pages/release-part.ts'
import { resultPage } from './pages/result.ts'
import { runPage } from './pages/run.ts'
import { submittersPage } from './pages/submitters.ts'
import { isInForce, waiversPage } from './pages/waivers.ts'
import type { PageSource } from './route.ts'
import type { PageContent, SiteContext } from './site-context.ts'
import type { ArchiveTriages } from './triage-archive.ts'

type Reading<Key extends unknown[]> = (
  archive: ReadArchive,
  ...rest: [...Key, Links, SiteContext]
) => Promise<PageContent | undefined>

/** Builds of one image in the grid, results of one cell in its history, findings of one check. */
const BUILDS = 30
const HISTORY = 200
const FINDINGS = 400
const IMAGES_FOUND = 500

export const overviewContent: Reading<[]> = async (archive, links, site) => {
  const images = await newestBuilds(archive)
  const failing = images.flatMap(({ results }) =>
    results.filter(({ status }) => status === 'fail' || status === 'error'),
  )
  const found = await findingsOf(
    archive,
    failing.map(({ uid }) => uid),
  )
  const findings = found.filter((one) => one.status !== 'miss' && one.waived === null)
  const { items: runs } = await listRuns(archive, { limit: 12 })
  const imageless = (await newestOfCells(archive)).filter(({ digest }) => digest === null)
  const explained = new Set(findings.map(({ uid }) => uid))
  const broken = failing.filter(({ uid, waived }) => !explained.has(uid) && waived === 0)
  return overviewPage({ images, imageless, findings, broken, runs }, links, site)
}

/**
 * Of every image the newest build, and the newest results. The same image has other builds on other platforms, such as a disk and an
 * archive of files: each platform is told by the newest build that it has results of.
 */
async function newestBuilds(
  archive: ReadArchive,
): Promise<{ image: ImageRow; results: CellRunRow[]; approved: boolean }[]> {
  const approved = await approvedDigests(archive)
  const byImage = Map.groupBy(await newestOfCells(archive), ({ image }) => image)
  const names = await listImageNames(archive)
  const all = await Promise.all(
    names.map(async ({ name }) => {
      const { items } = await listImages(archive, { name, limit: 1000 })
      const [image] = items
      if (!image) return []
      const builds = new Map(items.map(({ digest }, at) => [digest, at]))
      const age = ({ digest }: CellRunRow) => builds.get(digest ?? '') ?? items.length
      const byPlatform = Map.groupBy(byImage.get(name) ?? [], ({ platform }) => platform)
      const results = [...byPlatform.values()].flatMap((rows) => {
        const build = items[Math.min(...rows.map(age))]?.build
        return build === undefined ? [] : rows.filter((row) => row.build === build)
      })
      return [{ image, results, approved: approved.has(image.digest) }]
    }),
  )
  return all.flat()
}

async function approvedDigests(archive: ReadArchive): Promise<Set<string>> {
  const digests = new Set<string>()
  for await (const one of everyItem((request) => listApprovals(archive, request)))
    if (one.verdict === 'go' && one.state === 'accepted') digests.add(one.digest)
  return digests
}

export const gridContent: Reading<[string]> = async (archive, image, links, site) => {
  const grid = await readGrid(archive, image, BUILDS)
  if (grid.cells.length === 0 && grid.builds.length === 0) return undefined
  const { items } = await listImages(archive, { name: image, limit: 1000 })
  const digests = new Map(items.toReversed().map(({ build, digest }) => [build, digest]))
  const axes = new Map<string, Record<string, string>>()
  for await (const cell of everyItem((request) => listCells(archive, { ...request, image })))
    axes.set(cell.id, cell.axes)
  return gridPage({ grid, digests, axes }, links, site)
}

export const cellContent: Reading<[string]> = async (archive, cell, links, site) => {
  const { items: results, next } = await listCellRuns(archive, { cell, limit: HISTORY })
  const [newest] = results
  if (!newest) return undefined
  const detail = await findCellRun(archive, newest.uid)
  return cellPage({ cell, axes: detail?.detail.axes ?? {}, results, more: next !== undefined }, links, site)
}

export const runContent: Reading<[string]> = async (archive, id, links, site) => {
  const [found, submission] = await Promise.all([findRun(archive, id), findSubmission(archive, id)])
  return found && submission && runPage({ ...found, submission }, links, site)
}

export async function resultContent(
  { archive, triages }: PageSource,
  uid: string,
  links: Links,
  site: SiteContext,
): Promise<PageContent | undefined> {
  const found = await findCellRun(archive, uid)
  if (!found) return undefined
  const { row, detail, files } = found
  const axes = { platform: row.platform, image: row.image, ...detail.axes }
  const failing = (detail.checks ?? []).filter(({ status, baseline }) => status === 'fail' && !baseline)
  const issues = await triages.explain(await findingsOf(archive, [uid]), axes)
  const gone = new Map<string, string>()
  for (const { name, digest } of files) {
    if (await archive.blobs.has(digest)) continue
    const stone = await archive.blobs.tombstone(digest)
    gone.set(name, stone ? `removed ${stone.at.slice(0, 10)}: ${stone.reason}` : 'not kept')
  }
  const tails = await tailsOf(archive.blobs, files, failing)
  return resultPage({ ...found, gone, tails, issues }, links, site)
}

export const checkContent: Reading<[string]> = async (archive, check, links, site) => {
  const { items: findings, next } = await listFindings(archive, { check, limit: FINDINGS })
  if (findings.length === 0) return undefined
  const newest = new Set((await newestOfCells(archive)).map(({ uid }) => uid))
  const bad = findings.filter(({ uid, status }) => newest.has(uid) && status !== 'miss')
  return checkPage(
    { check, findings, now: new Set(bad.map(({ cell }) => cell)), more: next !== undefined },
    links,
    site,
  )
}

export const imageContent: Reading<[string]> = async (archive, digest, links, site) => {
  const { names, refs } = await findImage(archive, digest)
  const [image, ...others] = names
  if (!image) return undefined
  const results = await newestOfCells(archive, { digest })
  const packages = await packagesOf(archive, digest, image.name)
  const approvals: ApprovalRow[] = []
  for await (const one of everyItem((request) => listApprovals(archive, { ...request, digest }))) approvals.push(one)
  const { items } = await listImages(archive, { name: image.name, limit: 1000 })
  const before = items.find((one) => one.builtAt < image.builtAt && one.digest !== digest)
  const decisions = await decisionsAbout(archive, digest)
  return imagePage({ names: [image, ...others], refs, results, packages, approvals, decisions, before }, links, site)
}

const DECISIONS = 20

/** The newest decisions about an image, the newest of all with what stands against it. */
async function decisionsAbout(archive: ReadArchive, digest: string): Promise<SubmittedDecision[]> {
  const { items } = await listDecisions(archive, { digest, limit: DECISIONS })
  const newest = items[0] && (await findDecision(archive, items[0].id))
  const against = newest ? [...newest.decision.unsatisfied, ...newest.decision.missing] : []
  return items.map((row, index) => ({ row, against: index === 0 ? against : [] }))
}

export async function compareContent(
  archive: ReadArchive,
  [from = '', to = '']: readonly string[],
  links: Links,
): Promise<PageContent | undefined> {
  const [before, after] = await Promise.all([sideOf(archive, from), sideOf(archive, to)])
  if (!before || !after) return undefined
  const facts = await compareFacts(archive, before, after)
  return comparePage({ ...compareBuilds(before, after), facts }, links)
}

async function sideOf(archive: ReadArchive, digest: string): Promise<BuildSide | undefined> {
  const { names } = await findImage(archive, digest)
  const [image] = names
  if (!image) return undefined
  const results = await newestOfCells(archive, { digest })
  const checks = await checksOf(
    archive,
    results.map(({ uid }) => uid),
  )
  return { image, results, checks, packages: await packagesOf(archive, digest, image.name) }
}

export const coverageContent: Reading<[]> = async (archive, links, site) => {
  const [newest, planned, pairs] = await Promise.all([
    newestOfCells(archive),
    plannedCells(archive),
    archive.sql.query<{ cell: string; submitter: string }>(
      `SELECT DISTINCT c.cell AS cell, c.submitter AS submitter FROM cell_run c JOIN submission_state v ON v.id = c.submission
       WHERE v.state = 'accepted' ORDER BY c.cell, c.submitter`,
    ),
  ])
  const fillers = new Map<string, string[]>()
  for (const { cell, submitter } of pairs) fillers.set(cell, [...(fillers.get(cell) ?? []), submitter])
  return coveragePage({ newest, planned, fillers }, links, site)
}

export async function issuesContent(triages: ArchiveTriages, links: Links): Promise<PageContent> {
  return issuesPage(await triages.read(), links)
}

export async function issueContent(
  triages: ArchiveTriages,
  id: string,
  links: Links,
): Promise<PageContent | undefined> {
  const history = (await triages.read()).histories.find(({ issue }) => issue.id === id)
  return history && issuePage(history, links)
}

export const waiversContent: Reading<[]> = async (archive, links, site) => {
  const { items: waivers } = await listWaivers(archive, { limit: 1000 })
  const work = await workOfWaivers(
    archive,
    waivers.filter((one) => isInForce(one, site)),
  )
  return waiversPage({ waivers, work }, links, site)
}

export const submittersContent: Reading<[]> = async (archive, links, site) => {
  const [submitters, credentials, counts] = await Promise.all([
    listSubmitters(archive),
    listCredentials(archive),
    archive.sql.query<{ submitter: string; cells: number }>(
      'SELECT submitter, count(DISTINCT cell) AS cells FROM cell_run GROUP BY submitter',
    ),
  ])
  const cells = new Map(counts.map((row) => [row.submitter, row.cells]))
  return submittersPage({ submitters, credentials, cells }, links, site)
}

export const finderContent: Reading<[]> = async (archive, links, site) => {
  const approved = await approvedDigests(archive)
  const { items } = await listImages(archive, { limit: IMAGES_FOUND })
  const names = await listImageNames(archive)
  const builds = names.reduce((sum, one) => sum + one.builds, 0)
  const results = await resultsByDigest(archive)
  const images = items.map((image) => {
    const own = (results.get(image.digest) ?? []).filter((row) => row.image === image.name)
    const platforms = [...new Set(own.map(({ platform }) => platform))].sort()
    return { image, platforms, results: own, approved: approved.has(image.digest) }
  })
  return finderPage({ images, older: Math.max(0, builds - items.length) }, links, site)
}

/** The newest accepted result of every cell with every image. */
async function resultsByDigest(archive: ReadArchive): Promise<Map<string, CellRunRow[]>> {
  const names = await listImageNames(archive)
  const found = new Map<string, CellRunRow[]>()
  for (const { name } of names) {
    const { newest } = await readGrid(archive, name, BUILDS)
    for (const builds of newest.values()) {
      for (const row of builds.values()) {
        if (row.digest !== null) found.set(row.digest, [...(found.get(row.digest) ?? []), row])
      }
    }
  }
  return found
}
