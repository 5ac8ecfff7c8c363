import type { CellSummary } from './event.ts'
import type { Status } from './status.ts'

/** The newest judgement an earlier run made of the same thing. */
export interface LastKnown {
  status: Status
  /** ISO 8601, when it was judged. */
  at: string
  runId: string
}

/** Why something was deliberately not judged in this run, and what is known of it. */
export interface NotSelected {
  /** The rule that left it out, for example `change rule docs` or `tier smoke`. */
  by: string
  last?: LastKnown
}

/** A cell that was deliberately not run. */
export interface NotSelectedCell extends NotSelected {
  cell: CellSummary
}

/** `not selected, by change rule docs; last known: pass on 2026-11-20 in run 20261120-…`. */
export function notSelectedText({ by, last }: NotSelected): string {
  return `not selected, by ${by}; ${lastKnownText(last)}`
}

/** `last known: pass on 2026-11-20 in run 20261120-…`, or that nothing is known. */
export function lastKnownText(last: LastKnown | undefined): string {
  return last
    ? `last known: ${last.status} on ${last.at.slice(0, 10)} in run ${last.runId}`
    : 'no earlier result is known'
}
