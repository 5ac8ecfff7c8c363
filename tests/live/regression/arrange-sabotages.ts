import type { Fault } from '../../together/arrange.ts'
import { SABOTAGES } from './sabotages.ts'

/** Seconds of processor time each; they are judged on the good image, and when nothing but what they are for is broken. */
export const SLOW = [
  'reg-ci-collect-logs',
  'reg-ci-schema',
  'reg-ci-stage-budget',
  'reg-image-footprint',
  'reg-sd-cycle',
]

/** A sabotage by the check that must notice it. */
export function faultOf(id: string): Fault {
  return { name: id, id, signs: [...new Set([id, ...(SABOTAGES[id]?.also ?? [])])].sort() }
}

/** Whether two sabotages can be done together: both can be undone, and neither changes what the other does. */
export function mayMeet({ name: a }: Fault, { name: b }: Fault): boolean {
  const [one, other] = [SABOTAGES[a], SABOTAGES[b]]
  return Boolean(one?.undo && other?.undo) && one?.apart?.[b] === undefined && other?.apart?.[a] === undefined
}
