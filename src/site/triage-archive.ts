import { archiveHead } from '../archive/read/submissions.ts'
import { listCellRuns } from '../archive/read/cell-runs.ts'
import { listCells } from '../archive/read/cells.ts'
import { listFindings, type FindingRow } from '../archive/read/findings.ts'
import { everyItem, type ReadArchive } from '../archive/read/page.ts'
import {
  appliesTo,
  groupFailures,
  incidentId,
  issueHistories,
  scanPieces,
  type Failure,
  type FailureGroup,
  type Incident,
  type IssueHistory,
  type IssuePattern,
  type KnownIssue,
} from '../known-issues/index.ts'

/** What known issues explain of an archive. */
export interface ArchiveTriage {
  histories: IssueHistory[]
  /** Failures that none explains. */
  groups: FailureGroup[]
}

/** Newest failures that are looked through; of an archive with more, older ones are history. */
const MOST_FINDINGS = 20_000

/** A look that takes longer than this is not repeated for every submission that comes. */
const LONG_MS = 500
/** How much of the time may go into looking again: a twentieth. */
const SHARE = 20

/** Looks for known issues in what an archive knows, and again when it has grown. */
export class ArchiveTriages {
  readonly #archive: ReadArchive
  readonly #patterns: readonly IssuePattern[]
  #known: { seq: number; triage: Promise<ArchiveTriage>; tookMs: number; endedAt: number } | undefined

  constructor(archive: ReadArchive, patterns: readonly IssuePattern[]) {
    this.#archive = archive
    this.#patterns = patterns
  }

  /**
   * The newest triage; readers who come while it is made wait for the same one. In a large archive that grows all the time it may be
   * older than the newest submission.
   */
  async read(): Promise<ArchiveTriage> {
    const { seq } = await archiveHead(this.#archive)
    const known = this.#known
    const isLate = known && known.tookMs > LONG_MS && performance.now() - known.endedAt < SHARE * known.tookMs
    if (known && (known.seq === seq || isLate)) return await known.triage
    const started = performance.now()
    const made = {
      seq,
      triage: triageArchive(this.#archive, this.#patterns),
      tookMs: Number.POSITIVE_INFINITY,
      endedAt: started,
    }
    this.#known = made
    try {
      const triage = await made.triage
      made.endedAt = performance.now()
      made.tookMs = made.endedAt - started
      return triage
    } catch (error) {
      this.#known = undefined
      throw error
    }
  }

  /** Issues that explain what a result says, by check. */
  async explain(findings: readonly FindingRow[], axes: Readonly<Record<string, string>>) {
    const applying = this.#patterns.filter(({ issue }) => appliesTo(issue, axes))
    const explained = new Map<string, KnownIssue[]>()
    for (const { check, excerpt } of findings) {
      const found = (await scanPieces([excerpt], applying)).filter(({ count }) => count > 0)
      const issues = [...(explained.get(check) ?? []), ...found.map(({ pattern }) => pattern.issue)]
      if (issues.length > 0) explained.set(check, [...new Set(issues)])
    }
    return explained
  }
}

async function triageArchive(archive: ReadArchive, patterns: readonly IssuePattern[]): Promise<ArchiveTriage> {
  const axes = new Map<string, Readonly<Record<string, string>>>()
  for await (const cell of everyItem((request) => listCells(archive, request)))
    axes.set(cell.id, { platform: cell.platform, image: cell.image, ...cell.axes })
  const incidents: Incident[] = []
  const unmatched: Failure[] = []
  const seenIn = new Map<string, Set<string>>()
  let looked = 0
  for await (const finding of everyItem((request) => listFindings(archive, request))) {
    if (++looked > MOST_FINDINGS) break
    if (finding.state !== 'accepted' || finding.status === 'miss') continue
    const applying = patterns.filter(({ issue }) => appliesTo(issue, axes.get(finding.cell) ?? {}))
    const found = (await scanPieces([finding.excerpt], applying)).filter(({ count }) => count > 0)
    for (const { pattern, excerpt } of found) {
      incidents.push(incidentOf(finding, pattern, excerpt))
      const cells = seenIn.get(pattern.issue.id) ?? new Set()
      seenIn.set(pattern.issue.id, cells.add(finding.cell))
    }
    if (found.length === 0) unmatched.push(failureOf(finding))
  }
  incidents.push(...(await absences(archive, patterns, incidents, seenIn)))
  return {
    histories: issueHistories(
      patterns.map(({ issue }) => issue),
      incidents,
    ),
    groups: groupFailures(unmatched),
  }
}

/** Results of cells in which an issue was seen, and which do not have it: that is how it is known to be gone. */
async function absences(
  archive: ReadArchive,
  patterns: readonly IssuePattern[],
  incidents: readonly Incident[],
  seenIn: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Incident[]> {
  const present = new Set(incidents.map(({ issue, cellRun }) => `${issue} ${cellRun}`))
  const absent: Incident[] = []
  for (const cell of new Set([...seenIn.values()].flatMap((cells) => [...cells]))) {
    const { items } = await listCellRuns(archive, { cell, limit: 200 })
    for (const row of items) {
      if (row.state !== 'accepted' || row.status === 'miss') continue
      for (const { issue } of patterns) {
        if (!seenIn.get(issue.id)?.has(cell) || present.has(`${issue.id} ${row.uid}`)) continue
        absent.push({
          id: incidentId(row.uid, '', issue),
          issue: issue.id,
          version: issue.version,
          cellRun: row.uid,
          cell,
          present: false,
          at: new Date(row.startedAt).toISOString(),
        })
      }
    }
  }
  return absent
}

function incidentOf(finding: FindingRow, { issue }: IssuePattern, excerpt: string | undefined): Incident {
  return {
    id: incidentId(finding.uid, finding.check, issue),
    issue: issue.id,
    version: issue.version,
    cellRun: finding.uid,
    cell: finding.cell,
    check: finding.check,
    present: true,
    at: new Date(finding.startedAt).toISOString(),
    ...(excerpt === undefined ? {} : { excerpt }),
  }
}

function failureOf({ uid, cell, check, status, startedAt, excerpt }: FindingRow): Failure {
  return { run: uid, cell, check, status, at: new Date(startedAt).toISOString(), text: excerpt }
}

/** Of every issue that is there still the first and the last result that shows it: they are kept as long as it is. */
export function resultsOfOpenIssues({ histories }: Pick<ArchiveTriage, 'histories'>): Set<string> {
  const open = histories.filter(({ seen, goneSince }) => seen > 0 && goneSince === undefined)
  return new Set(open.flatMap(({ incidents }) => [incidents[0], incidents.at(-1)].flatMap((one) => one?.cellRun ?? [])))
}
