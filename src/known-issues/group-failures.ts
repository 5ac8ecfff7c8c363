import type { Status } from '../results/status.ts'
import { failureSignature } from './signature.ts'

/** A failure that no known issue explains. */
export interface Failure {
  run: string
  cell: string
  check: string
  status: Status
  /** ISO 8601. */
  at: string
  text: string
}

/** Failures that say the same. */
export interface FailureGroup {
  /** The signature: stays the same whatever else fails, today and next year. */
  id: string
  check: string
  /** Of the newest, its first line. */
  example: string
  count: number
  firstSeen: string
  lastSeen: string
  /** Cells it was seen in, newest first, each once. */
  cells: string[]
  runs: string[]
}

/** Failures by what they say, the most frequent first. */
export function groupFailures(failures: readonly Failure[]): FailureGroup[] {
  const groups = Map.groupBy(failures, ({ check, text }) => failureSignature(check, text))
  return [...groups]
    .map(([id, members]) => group(id, members))
    .sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1))
}

function group(id: string, members: readonly Failure[]): FailureGroup {
  const byTime = members.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
  const newest = byTime[0]
  return {
    id,
    check: newest?.check ?? '',
    example: (newest?.text.split('\n', 1)[0] ?? '').slice(0, 300),
    count: members.length,
    firstSeen: byTime.at(-1)?.at ?? '',
    lastSeen: newest?.at ?? '',
    cells: [...new Set(byTime.map(({ cell }) => cell))],
    runs: [...new Set(byTime.map(({ run }) => run))],
  }
}
