import { matchesGlob } from '../matrix/glob.ts'
import type { GateEvidence, GateResult, Judgement, SignedWaiver } from './evidence.ts'
import type { Requirement } from './policy.ts'

/** How a required thing stands. */
export type ItemState = 'satisfied' | 'unsatisfied' | 'missing'

/** What is wrong with a result, or was excused. */
export interface Finding {
  state: ItemState
  text: string
}

/** What a result says about a requirement: nothing is wrong when there is no finding but excused ones. */
export function judgeResult(result: GateResult, requirement: Requirement, evidence: GateEvidence): Finding[] {
  const judged = result.checks.filter((record) => !record.baseline)
  const findings: Finding[] = []
  const from = `by ${result.submitter} in ${result.cell}`
  for (const glob of requirement.checks) {
    const named = judged.filter((record) => matchesGlob(record.id, glob))
    if (!named.some(isJudged)) {
      findings.push(missing(`no judgement of ${glob} ${from}`, result, glob, requirement, evidence))
    }
    for (const record of named) {
      if (!requirement.severities.includes(record.severity)) continue
      const finding = judgeRecord(record, result, requirement, evidence)
      if (finding) findings.push(finding)
    }
  }
  // A machine that did not boot, or a run that broke, may leave nothing but passes behind.
  const bad = judged.some((record) => record.status === 'fail' || record.status === 'error' || record.status === 'miss')
  if (!bad && (result.status === 'fail' || result.status === 'error'))
    findings.push({ state: 'unsatisfied', text: `the cell itself is ${result.status} ${from}` })
  if (!bad && (result.status === 'miss' || result.status === 'skip'))
    findings.push({ state: 'missing', text: `the cell itself is ${result.status} ${from}` })
  return findings
}

function isJudged(record: Judgement): boolean {
  return record.status !== 'skip' && record.status !== 'miss'
}

function judgeRecord(
  record: Judgement,
  result: GateResult,
  requirement: Requirement,
  evidence: GateEvidence,
): Finding | undefined {
  const { status } = record
  if (status === 'pass' || status === 'done' || status === 'skip') return undefined
  const what = `${record.id}${record.phase === undefined ? '' : ` (${record.phase})`}`
  const text = `${what} is ${status} by ${result.submitter} in ${result.cell}`
  if (status === 'miss') return missing(text, result, record.id, requirement, evidence)
  const waiver = excuse(evidence, requirement, result, record.id)
  if (waiver) return { state: 'satisfied', text: `${text}; waived by ${waiver.id} until ${waiver.until.slice(0, 10)}` }
  const own = record.waived
  if (own && requirement.waivers === 'any' && own.until >= evidence.asOf.at.slice(0, 10))
    return { state: 'satisfied', text: `${text}; waived by the run until ${own.until}` }
  const over = spentWaiver(evidence, requirement, result, record.id)
  return { state: 'unsatisfied', text: over ? `${text}; ${over.id} no longer excuses it: it passed twice since` : text }
}

function missing(
  text: string,
  result: Pick<GateResult, 'cell' | 'submitter'>,
  check: string,
  requirement: Requirement,
  evidence: GateEvidence,
): Finding {
  const waiver = excuse(evidence, requirement, result, check)
  return waiver?.missing
    ? { state: 'satisfied', text: `${text}; waived by ${waiver.id} until ${waiver.until.slice(0, 10)}` }
    : { state: 'missing', text }
}

/** The signed waiver that excuses a failure. Nobody excuses results of their own. */
export function excuse(
  evidence: GateEvidence,
  requirement: Requirement,
  result: Pick<GateResult, 'cell' | 'submitter'>,
  check: string,
): SignedWaiver | undefined {
  if (requirement.waivers === 'none') return undefined
  return evidence.waivers.find((waiver) => isAbout(waiver, evidence, result, check) && !isSpent(waiver, result, check))
}

/** The waiver that has done its work: what it excused had passed twice before it failed again. */
function spentWaiver(
  evidence: GateEvidence,
  requirement: Requirement,
  result: Pick<GateResult, 'cell' | 'submitter'>,
  check: string,
): SignedWaiver | undefined {
  if (requirement.waivers === 'none') return undefined
  return evidence.waivers.find((waiver) => isAbout(waiver, evidence, result, check) && isSpent(waiver, result, check))
}

function isSpent({ spent }: SignedWaiver, { cell, submitter }: Pick<GateResult, 'cell' | 'submitter'>, check: string) {
  return spent.some((one) => one.cell === cell && one.submitter === submitter && one.check === check)
}

/** Whether a waiver is in force and speaks about a check in a cell. */
export function isAbout(
  waiver: Omit<SignedWaiver, 'spent'>,
  { image, asOf }: Pick<GateEvidence, 'image' | 'asOf'>,
  { cell, submitter }: Pick<GateResult, 'cell' | 'submitter'>,
  check: string,
): boolean {
  const covers = (globs: readonly string[], value: string) => globs.some((glob) => matchesGlob(value, glob))
  return (
    waiver.submitter !== submitter &&
    waiver.from <= asOf.at &&
    waiver.until >= asOf.at &&
    (covers(waiver.images, image.name) || covers(waiver.images, image.digest)) &&
    covers(waiver.cells, cell) &&
    covers(waiver.checks, check)
  )
}
