import type { Incident } from './incident.ts'
import type { KnownIssue } from './known-issue.ts'

/** Where and when an issue was seen, over all runs that were looked through. */
export interface IssueHistory {
  issue: KnownIssue
  /** Tries of cells it was seen in, and looked for in. */
  seen: number
  looked: number
  firstSeen?: string
  lastSeen?: string
  /** The first time it was looked for after it was last seen, and not there; absent while it is there. */
  goneSince?: string
  /** Newest first. */
  incidents: Incident[]
}

/** The history of every issue, those seen last first. Incidents of older versions of an issue do not count. */
export function issueHistories(issues: readonly KnownIssue[], incidents: readonly Incident[]): IssueHistory[] {
  const byIssue = Map.groupBy(incidents, ({ issue, version }) => `${issue}/${version}`)
  return issues
    .map((issue) => historyOf(issue, byIssue.get(`${issue.id}/${issue.version}`) ?? []))
    .sort((a, b) => ((a.lastSeen ?? '') < (b.lastSeen ?? '') ? 1 : -1))
}

function historyOf(issue: KnownIssue, all: readonly Incident[]): IssueHistory {
  const byTime = all.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const present = byTime.filter((incident) => incident.present)
  const [first] = present
  const last = present.at(-1)
  const gone = last && byTime.find(({ at, present: there }) => !there && at > last.at)
  return {
    issue,
    seen: new Set(present.map(({ cellRun }) => cellRun)).size,
    looked: new Set(all.map(({ cellRun }) => cellRun)).size,
    ...(first ? { firstSeen: first.at } : {}),
    ...(last ? { lastSeen: last.at } : {}),
    ...(gone ? { goneSince: gone.at } : {}),
    incidents: present.toReversed(),
  }
}
