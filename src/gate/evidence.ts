import type { CheckRecord } from '../results/check-record.ts'
import type { Status } from '../results/status.ts'

/** A judgement as a gate needs it. */
export type Judgement = Pick<CheckRecord, 'id' | 'severity' | 'phase' | 'subject' | 'baseline' | 'status' | 'waived'>

/** One try of one cell, as somebody submitted it. */
export interface GateResult {
  /** Names the try. */
  id: string
  /** The submission that brought it. */
  submission: string
  submitter: string
  cell: string
  /** Values of all axes of the cell. */
  axes: Readonly<Record<string, string>>
  status: Status
  /** ISO 8601. */
  at: string
  checks: readonly Judgement[]
}

/** A waiver that somebody signed. */
export interface SignedWaiver {
  id: string
  submitter: string
  images: readonly string[]
  cells: readonly string[]
  checks: readonly string[]
  /** A missing result is excused too. */
  missing: boolean
  /** ISO 8601. */
  from: string
  until: string
  /** What it excuses no longer: it passed twice in a row since. The check `*` is the cell as a whole, no submitter is anybody. */
  spent: readonly Spent[]
}

export interface Spent {
  submitter: string
  cell: string
  check: string
}

/** The image a decision is about. */
export interface GateImage {
  name: string
  digest: string
  basis: 'stored' | 'uploaded' | 'reported'
}

/** Everything a decision rests on, as it was known at one point of the log of an archive. */
export interface GateEvidence {
  image: GateImage
  /** The newest entry of the log that was seen, and the moment ages are counted from. */
  asOf: { seq: number; at: string }
  results: readonly GateResult[]
  /** Ids of all cells that runs of this image planned, with their axes where they are known. */
  planned: readonly { cell: string; axes: Readonly<Record<string, string>> }[]
  waivers: readonly SignedWaiver[]
}
