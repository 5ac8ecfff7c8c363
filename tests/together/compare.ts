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

/** What is known about one fault: its own groups, which must have been judged, and those of others as far as they were. */
export async function outcomesFor<F extends Fault>(
  fault: F,
  groups: readonly (readonly F[])[],
  failedIn: (members: readonly F[]) => Promise<readonly string[]>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const members of groups) {
    try {
      outcomes.push({ members, failed: await failedIn(members) })
    } catch (error) {
      if (members.includes(fault)) throw error
    }
  }
  return outcomes
}

/**
 * What speaks against one fault, as sentences: a sign that is missing where it is, and what fails wherever it is without being a sign
 * of it, as long as only this fault explains each group in which nobody expected that.
 * @param outcomes of `outcomesFor`
 */
export function complaints(fault: Fault, outcomes: readonly Outcome[]): string[] {
  const own = outcomes.filter(({ members }) => members.includes(fault))
  const missing = own.flatMap(({ members, failed }) =>
    fault.signs.filter((sign) => !failed.includes(sign)).map((sign) => `${sign} did not fail in ${nameOf(members)}`),
  )
  const unexpected = [...new Set(own.flatMap(surplusOf))]
    .filter((sign) => own.every(({ failed }) => failed.includes(sign)))
    .filter((sign) => outcomes.every((outcome) => own.includes(outcome) || !surplusOf(outcome).includes(sign)))
    .map((sign) => `${sign} failed wherever ${fault.name} is`)
  return [...missing, ...unexpected]
}

function surplusOf({ members, failed }: Outcome): string[] {
  const wanted = signsOf(members)
  return failed.filter((sign) => !wanted.includes(sign))
}
