/** A known issue, and where and when it was seen. */
export interface IssueFacts {
  issue: {
    id: string
    version: number
    title: string
    culprit: 'image' | 'cloud' | 'test' | 'harness' | 'unknown'
    url?: string | undefined
  }
  /** Results it was seen in, and looked for in. */
  seen: number
  looked: number
  /** ISO 8601. */
  firstSeen?: string
  lastSeen?: string
  goneSince?: string
  incidents: readonly IncidentFacts[]
}

/** That an issue was there. */
export interface IncidentFacts {
  id: string
  issue: string
  version: number
  /** The result. */
  cellRun: string
  cell: string
  check?: string
  at: string
  excerpt?: string
}

/** Failures that no issue explains and that say the same. */
export interface GroupFacts {
  id: string
  check: string
  example: string
  count: number
  cells: readonly string[]
  /** Results, newest first. */
  runs: readonly string[]
  firstSeen: string
  lastSeen: string
}

/** Looks for known issues in what the archive has now. */
export type ReadIssues = () => Promise<{ histories: readonly IssueFacts[]; groups: readonly GroupFacts[] }>
