import type { ErrorRecord } from '../core/errors.ts'
import type { NotSelected } from './not-selected.ts'
import type { Status } from './status.ts'

export type Severity = 'blocker' | 'major' | 'minor'
export type SuiteName = 'policy' | 'regression' | 'logs'

/** When a check looks: at the root file system that never booted, on the first boot, after a reboot, at two instances, or from outside. */
export type Phase = 'rest' | 'first-boot' | 'after-reboot' | 'pair' | 'outside'

/** One judgement of one check in one cell. Guest text in it is cleaned and capped but not escaped. */
export interface CheckRecord {
  id: string
  suite: SuiteName
  title: string
  severity: Severity
  /** Policy checks are judged once per phase they apply to; regression checks have no phase. */
  phase?: Phase
  /** `image`: the image as it came; `upgraded`: after the agent upgrade. */
  subject: 'image' | 'upgraded'
  /** True when the record only serves the A/B comparison and does not count for the verdict. */
  baseline: boolean
  status: Status
  /** Why it was skipped or missed; always set then. */
  reason?: string
  errors: CheckFailure[]
  /** What the check says about itself, so that a report can explain a failure without loading the check. Set at least when it failed. */
  about?: { because: string; source: string; fix?: string }
  durationMs: number
  /** Present when a waiver covers this check here. The status stays what it was: with a pass the waiver is no longer needed. */
  waived?: { reason: string; tracker: string; until: string }
  /** True when an earlier attempt failed and a later one passed. */
  flaky?: boolean
  /** How the same was judged before on other machines, when it did not hold there; oldest first. */
  earlier?: EarlierJudgement[]
  /** Set when it was skipped on purpose, by a rule of this run. */
  notSelected?: NotSelected
  measurements?: Measurement[]
  /** Log files of the cell that belong to this record, relative to the run folder. */
  attachments?: string[]
}

/** A judgement that was made again. */
export interface EarlierJudgement {
  attempt: number
  status: Status
  reason?: string
  errors: CheckFailure[]
}

export interface CheckFailure {
  message: string
  expected?: string
  actual?: string
  diff?: string
  /** `file:line` of the failed expectation. */
  at?: string
}

/** A number worth a trend. */
export interface Measurement {
  name: string
  value: number
  unit: 'ms' | 's' | 'bytes' | 'count'
}

/** The error record and status of a step or cell that did not get far enough to be judged. */
export interface StepFailure {
  status: Status
  error: ErrorRecord
}
