import { HarnessError } from '../../core/errors.ts'
import type { Facts, FactName } from './facts.ts'

/** A check asked for a fact that could not be gathered. The check is not judged: status `error`, never `pass`. */
export class UnknownFactError extends HarnessError {
  readonly blame = 'unknown'
  readonly fact: string

  constructor(fact: string, reason: string) {
    super(`"${fact}" is not known: ${reason}`)
    this.fact = fact
  }
}

/** Whether a fact was gathered, without throwing. */
export function isKnown(facts: Facts, name: FactName): boolean {
  return facts.unknown[name] === undefined
}

/** A part of a fact that may be absent. @throws UnknownFactError when it is. */
export function known<T>(value: T | undefined, what: string, reason = 'nothing was recorded'): T {
  if (value === undefined) throw new UnknownFactError(what, reason)
  return value
}
