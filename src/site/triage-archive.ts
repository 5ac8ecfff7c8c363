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
} from '../known-issues/index.ts'

/** What known issues explain of an archive. */
export interface ArchiveTriage {
  histories: IssueHistory[]
  /** Failures that none explains. */
  groups: FailureGroup[]
  /** Issues of a result, by its uid and check. */
  of(uid: string, check: string): readonly IssuePattern[]
}

/** Newest failures that are looked through; of an archive with more, older ones are history. */
const MOST_FINDINGS = 20_000

/** Looks for known issues in what an archive knows, and again when it has grown. */
export class ArchiveTriages {
  readonly #archive: ReadArchive
  readonly #patterns: readonly IssuePattern[]
  #known: { seq: number; triage: Promise<ArchiveTriage> } | undefined

  constructor(archive: ReadArchive, patterns: readonly IssuePattern[]) {
    this.#archive = archive
    this.#patterns = patterns
  }

  /** The newest triage; readers who come while it is made wait for the same one. */
  async read(): Promise<ArchiveTriage> {
    const { seq } = await archiveHead(this.#archive)
    if (this.#known?.seq !== seq) this.#known = { seq, triage: triageArchive(this.#archive, this.#patterns) }
    const { triage } = this.#known
    try {
      return await triage
    } catch (error) {
      this.#known = undefined
      throw error
    }
  }
}

async function triageArchive(archive: ReadArchive, patterns: readonly IssuePattern[]): Promise<ArchiveTriage> {
  const axes = new Map<string, Readonly<Record<string, string>>>()
  for await (const cell of everyItem((request) => listCells(archive, request))) axes.set(cell.id, cell.axes)
  const incidents: Incident[] = []
  const unmatched: Failure[] = []
  const explained = new Map<string, IssuePattern[]>()
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
    const key = `${finding.uid}/${finding.check}`
    if (found.length > 0) {
      const patternsOf = found.map(({ pattern }) => pattern)
      explained.set(key, [...new Set([...(explained.get(key) ?? []), ...patternsOf])])
    } else unmatched.push(failureOf(finding))
  }
  incidents.push(...(await absences(archive, patterns, incidents, seenIn)))
  return {
    histories: issueHistories(
      patterns.map(({ issue }) => issue),
      incidents,
    ),
    groups: groupFailures(unmatched),
    of: (uid, check) => explained.get(`${uid}/${check}`) ?? [],
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
