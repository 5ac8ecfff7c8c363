import { formatMs } from '../core/duration.ts'
import { matchesGlob } from '../matrix/glob.ts'
import type { DecisionItem as Item } from '../publish/decision.ts'
import type { GateEvidence, GateResult } from './evidence.ts'
import { excuse, judgeResult, type ItemState } from './judge-cell.ts'
import type { Policy, Requirement } from './policy.ts'

const MOST_REASONS = 20

/**
 * How an image stands against a policy: a pure function, so that the same evidence gives the same items for ever.
 * What nobody judged is missing, and missing is never satisfied.
 */
export function judgePolicy(policy: Policy, evidence: GateEvidence): Item[] {
  const items: Item[] = [subjectItem(policy, evidence)]
  for (const requirement of policy.require) {
    const slots = slotsOf(requirement, evidence)
    if (slots.length === 0) {
      const reasons = ['no run of this image says what was planned']
      items.push({ requirement: requirement.name, subject: 'the plan', state: 'missing', reasons, results: [] })
    }
    for (const slot of slots) items.push(judgeSlot(slot, requirement, evidence))
  }
  return items
}

/** Whether the policy may speak about this image today at all. */
function subjectItem(policy: Policy, { image, asOf }: GateEvidence): Item {
  const reasons: string[] = []
  if (!policy.images.some((glob) => matchesGlob(image.name, glob)))
    reasons.push(`the policy is for ${policy.images.join(', ')}, not for ${image.name}`)
  if (!policy.basis.includes(image.basis))
    reasons.push(`the digest of the image is ${image.basis}, and the policy wants ${policy.basis.join(' or ')}`)
  const day = asOf.at.slice(0, 10)
  const since = policy['valid-since']
  const until = policy['valid-until']
  if (since !== undefined && day < since) reasons.push(`the policy is valid since ${since}`)
  if (until !== undefined && day > until) reasons.push(`the policy was valid until ${until}`)
  const state = reasons.length > 0 ? 'unsatisfied' : 'satisfied'
  return { requirement: 'the policy applies', subject: image.name, state, reasons, results: [] }
}

interface Slot {
  subject: string
  matches(result: { cell: string; axes: Readonly<Record<string, string>> }): boolean
  /** The cell, when the slot is one. */
  cell: string
}

function slotsOf({ cells, planned }: Requirement, evidence: GateEvidence): Slot[] {
  if (planned !== undefined) {
    return evidence.planned.map(({ cell }) => ({ subject: cell, cell, matches: (result) => result.cell === cell }))
  }
  let combinations: [string, string][][] = [[]]
  for (const [axis, values] of Object.entries(cells ?? {})) {
    combinations = combinations.flatMap((pairs) => values.map((value): [string, string][] => [...pairs, [axis, value]]))
  }
  return combinations.map((pairs) => ({
    subject: pairs.map(([axis, value]) => `${axis}=${value}`).join(', '),
    cell: '',
    matches: ({ axes }) => pairs.every(([axis, value]) => matchesGlob(axes[axis] ?? '', value)),
  }))
}

function judgeSlot(slot: Slot, requirement: Requirement, evidence: GateEvidence): Item {
  const all = newestOf(evidence.results.filter((result) => slot.matches(result) && counts(result, requirement)))
  const fresh = all.filter((result) => !isStale(result, requirement, evidence))
  const findings = fresh.flatMap((result) => judgeResult(result, requirement, evidence))
  const who = new Set(fresh.map(({ submitter }) => submitter))
  const least = requirement.submitters['at-least']
  if (who.size < least) {
    const text = shortage(all, who, requirement, evidence)
    const waiver = who.size === 0 && excuse(evidence, requirement, { cell: slot.cell, submitter: '' }, '*')
    findings.push(
      waiver && waiver.missing
        ? { state: 'satisfied', text: `${text}; waived by ${waiver.id} until ${waiver.until.slice(0, 10)}` }
        : { state: 'missing', text },
    )
  }
  const state: ItemState = findings.some((finding) => finding.state === 'unsatisfied')
    ? 'unsatisfied'
    : findings.some((finding) => finding.state === 'missing')
      ? 'missing'
      : 'satisfied'
  const reasons = [...new Set(findings.map(({ text }) => text))]
  if (reasons.length > MOST_REASONS) reasons.splice(MOST_REASONS, Infinity, `and ${reasons.length - MOST_REASONS} more`)
  return {
    requirement: requirement.name,
    subject: slot.subject,
    state,
    reasons,
    results: fresh.map(({ id }) => id).sort(),
  }
}

function counts(result: GateResult, { submitters }: Requirement): boolean {
  return submitters['any-of']?.includes(result.submitter) ?? true
}

/** Of each submitter the last word about each cell. */
function newestOf(results: readonly GateResult[]): GateResult[] {
  const newest = new Map<string, GateResult>()
  for (const result of results) {
    const key = JSON.stringify([result.submitter, result.cell])
    const known = newest.get(key)
    if (!known || known.at < result.at || (known.at === result.at && known.id < result.id)) newest.set(key, result)
  }
  return [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function ageOf(result: GateResult, { asOf }: GateEvidence): number {
  return Date.parse(asOf.at) - Date.parse(result.at)
}

function isStale(result: GateResult, requirement: Requirement, evidence: GateEvidence): boolean {
  const most = requirement['max-age']
  // A time that cannot be read is no reason to trust a result.
  return most !== undefined && !(ageOf(result, evidence) <= most)
}

function shortage(
  all: readonly GateResult[],
  who: ReadonlySet<string>,
  requirement: Requirement,
  evidence: GateEvidence,
): string {
  const { 'any-of': anyOf, 'at-least': least } = requirement.submitters
  const names = anyOf === undefined ? '' : ` of ${anyOf.join(', ')}`
  if (who.size > 0) return `judged by ${who.size} of ${least} submitters${names}: ${[...who].sort().join(', ')}`
  const youngest = Math.min(...all.map((result) => ageOf(result, evidence)))
  if (Number.isFinite(youngest))
    return `the newest result is ${formatMs(youngest)} old, and ${formatMs(requirement['max-age'] ?? 0)} is the limit`
  return `no result${names}`
}
