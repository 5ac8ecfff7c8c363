import type { CheckRecord, Phase, Severity } from '../results/check-record.ts'
import type { CloudIdentity } from '../platforms/cloud-identity.ts'
import type { Check } from '../testing/check.ts'

export type Subject = CheckRecord['subject']

/** One judgement that is to be made in a cell. What was planned and is not reported counts as not judged. */
export interface PlannedCheck {
  /** Unique within a cell. */
  key: string
  suite: 'policy' | 'regression'
  id: string
  title: string
  severity: Severity
  /** Told with a failure. */
  about: { because: string; source: string; fix?: string }
  phase?: Phase
  subject: Subject
  baseline: boolean
  /** Checks of one lane run one after another, lanes run at the same time: `policy`, `shared`, `baseline`, `own:GROUP`. */
  lane: string
  /** Milliseconds. */
  timeoutMs: number
}

/** An instance of its own that some checks share, and what it is launched with. */
export interface OwnGroup {
  name: string
  userData: string[]
  vendorData?: string
  networkConfig?: string
  cloud?: Omit<CloudIdentity, 'cloud'>
  /** Every check of the group allows a machine that continues from saved memory, and the platform has such. */
  warm?: boolean
}

/** What is known of a judgement before it is made. */
export function plannedCheck(
  check: Check,
  place: { phase?: Phase; subject: Subject; baseline?: boolean; lane: string; timeoutMs: number },
): PlannedCheck {
  const { phase, subject, baseline = false, lane, timeoutMs } = place
  const { because, source, fix } = check.info
  return {
    key: [check.suite, check.id, phase ?? '-', baseline ? 'baseline' : subject].join('/'),
    suite: check.suite,
    id: check.id,
    title: check.info.title,
    severity: check.info.severity,
    about: { because, source, ...(fix === undefined ? {} : { fix }) },
    ...(phase === undefined ? {} : { phase }),
    subject,
    baseline,
    lane,
    timeoutMs,
  }
}

/** A record of a planned check with nothing but its identity and a status. */
export function recordOf(planned: PlannedCheck, status: CheckRecord['status'], reason?: string): CheckRecord {
  const { id, suite, title, severity, about, phase, subject, baseline } = planned
  return {
    id,
    suite,
    title,
    severity,
    ...(status === 'fail' || status === 'error' ? { about } : {}),
    ...(phase === undefined ? {} : { phase }),
    subject,
    baseline,
    status,
    ...(reason === undefined ? {} : { reason }),
    errors: [],
    durationMs: 0,
  }
}
