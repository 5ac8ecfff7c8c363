import type { CheckRecord, Phase, Severity } from '../../results/check-record.ts'
import type { CloudIdentity } from '../../platforms/cloud-identity.ts'
import type { Check } from '../../testing/check.ts'

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

interface Placed {
  phase?: Phase
  subject: Subject
  baseline?: boolean
  lane: string
  timeoutMs: number
}

/** Thousands of cells make the same judgements: each is kept once, and nobody changes it. */
const planned = new WeakMap<Check, Map<string, PlannedCheck>>()
const skips = new WeakMap<PlannedCheck, Map<string, CheckRecord>>()

/** What is known of a judgement before it is made. */
export function plannedCheck(check: Check, place: Placed): PlannedCheck {
  const { phase = '', subject, baseline = false, lane, timeoutMs } = place
  const places = kept(planned, check)
  const key = [phase, subject, baseline, lane, timeoutMs].join(' ')
  let known = places.get(key)
  if (!known) places.set(key, (known = newPlannedCheck(check, place)))
  return known
}

/** The record of a judgement that is not made. */
export function skipOf(check: PlannedCheck, reason: string): CheckRecord {
  const reasons = kept(skips, check)
  let known = reasons.get(reason)
  if (!known) reasons.set(reason, (known = recordOf(check, 'skip', reason)))
  return known
}

function kept<Key extends object, Value>(all: WeakMap<Key, Map<string, Value>>, key: Key): Map<string, Value> {
  let known = all.get(key)
  if (!known) all.set(key, (known = new Map()))
  return known
}

function newPlannedCheck(check: Check, place: Placed): PlannedCheck {
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
