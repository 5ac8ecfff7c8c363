import type { Fault } from './arrange.ts'

/** A group of faults, and what failed when all of them were there. */
export interface Outcome {
  members: readonly Fault[]
  failed: readonly string[]
}

/** All that must fail in a group, sorted. */
export function signsOf(members: readonly Fault[]): string[] {
  return [...new Set(members.flatMap(({ signs }) => signs))].sort()
}

/** What a group is called. */
export function nameOf(members: readonly Fault[]): string {
  return members.map(({ name }) => name).join(' + ') || 'the good one'
}

/** What speaks against one fault in the groups it is in, as sentences: a sign that is missing, and what fails wherever it is. */
export function complaints(fault: Fault, outcomes: readonly Outcome[]): string[] {
  const missing = outcomes.flatMap(({ members, failed }) =>
    fault.signs.filter((sign) => !failed.includes(sign)).map((sign) => `${sign} did not fail in ${nameOf(members)}`),
  )
  const surplus = new Set(
    outcomes.flatMap(({ members, failed }) => failed.filter((sign) => !signsOf(members).includes(sign))),
  )
  const unexpected = [...surplus]
    .filter((sign) => outcomes.every(({ failed }) => failed.includes(sign)))
    .map((sign) => `${sign} failed wherever ${fault.name} is`)
  return [...missing, ...unexpected]
}
