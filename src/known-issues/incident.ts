import { createHash } from 'node:crypto'
import type { KnownIssue } from './known-issue.ts'

/** That a version of an issue was looked for in the texts of a cell, and whether it was there. */
export interface Incident {
  /** Follows from the other fields: looking again makes no second one. */
  id: string
  issue: string
  version: number
  /** Names one try of one cell in one run. */
  cellRun: string
  cell: string
  /** The check whose failure it explains; absent when only a log tells. */
  check?: string
  /** False: it was looked for and is not there. That is how "gone since build N" is known. */
  present: boolean
  /** When the cell ran, ISO 8601: first seen means the first run, not the first look. */
  at: string
  /** File and line, or the check that says it. */
  evidence?: string
  excerpt?: string
}

/** The id of an incident. */
export function incidentId(cellRun: string, check: string, issue: Pick<KnownIssue, 'id' | 'version'>): string {
  return createHash('sha256')
    .update(JSON.stringify([cellRun, check, issue.id, issue.version]))
    .digest('hex')
}
