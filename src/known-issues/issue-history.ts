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
  /** When it was looked for again and not there, in the last of all cells it was seen in; absent while one of them may still have it. */
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
  const gone = goneSince(byTime)
  return {
    issue,
    seen: new Set(present.map(({ cellRun }) => cellRun)).size,
    looked: new Set(all.map(({ cellRun }) => cellRun)).size,
    ...(first ? { firstSeen: first.at } : {}),
    ...(last ? { lastSeen: last.at } : {}),
    ...(gone === undefined ? {} : { goneSince: gone }),
    incidents: present.toReversed(),
  }
}

function goneSince(byTime: readonly Incident[]): string | undefined {
  const ends: string[] = []
  for (const own of Map.groupBy(byTime, ({ cell }) => cell).values()) {
    const last = own.findLastIndex(({ present }) => present)
    if (last < 0) continue
    const seen = own[last]
    const gone = own.slice(last + 1).find(({ at, present }) => !present && at > (seen?.at ?? ''))
    if (!gone) return undefined
    ends.push(gone.at)
  }
  return ends.sort().at(-1)
}
