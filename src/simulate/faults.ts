import { ConfigError } from '../core/errors.ts'
import { randomFrom } from './random.ts'

/** What a simulated cloud can be made to do wrong. */
export const FAULTS = {
  throttle: 'a call is refused because of too many calls',
  unavailable: 'a call ends with an error of the server',
  reset: 'the connection is cut before the call is done',
  'lost-reply': 'the call is done, and the connection is cut before the answer',
  hang: 'a call gets no answer at all',
  slow: 'a call is answered late',
  stockout: 'a launch finds no capacity',
  quota: 'a launch is over a quota of the account',
  'async-failure': 'a launch is accepted and the machine fails afterwards',
  'late-list': 'what was just made is not listed yet',
  interrupt: 'a spot machine is taken away',
  denied: 'a call is not allowed to the caller',
  expired: 'the credentials are over',
  skew: 'the clock of the caller is wrong',
  silent: 'a machine starts and never answers',
} as const

export type FaultKind = keyof typeof FAULTS

/** One scripted fault. */
export interface ScriptedFault {
  kind: FaultKind
  /** Probability per occasion, 0 to 1. */
  chance: number
  /** Only where a label of the occasion is this: a zone, a region, a type, an operation. */
  where?: string
  /** Strikes so many times at most. */
  times?: number
}

/**
 * Reads faults as people write them: `throttle:0.3,stockout:zone-a,lost-reply:RunInstances:x2`.
 * After the kind, a number is a probability, `xN` a number of times, and anything else where it strikes.
 * @throws ConfigError
 */
export function parseFaults(text: string): ScriptedFault[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseOne)
}

function parseOne(text: string): ScriptedFault {
  const [kind = '', ...rest] = text.split(':')
  if (!isKind(kind))
    throw new ConfigError(`there is no fault "${kind}"`, { hint: `choose one of ${Object.keys(FAULTS).join(', ')}` })
  const fault: ScriptedFault = { kind, chance: 1 }
  for (const word of rest) {
    if (/^\d+(\.\d+)?$/.test(word)) fault.chance = Number(word)
    else if (/^x\d+$/.test(word)) fault.times = Number(word.slice(1))
    else if (fault.where === undefined && word !== '') fault.where = word
    else throw new ConfigError(`"${word}" in the fault "${text}" is not understood`, { hint: HINT })
  }
  if (fault.chance > 1)
    throw new ConfigError(`the probability in the fault "${text}" is more than 1`, { hint: 'write 0.3 for 30 %' })
  return fault
}

const HINT = 'for example throttle:0.3, stockout:eu-west-1a, lost-reply:RunInstances:x2'

function isKind(word: string): word is FaultKind {
  return Object.hasOwn(FAULTS, word)
}

/** Draws scripted faults. The same seed and the same order of occasions give the same faults. */
export class FaultScript {
  readonly #entries: { fault: ScriptedFault; struck: number; random: () => number }[]

  constructor(faults: readonly ScriptedFault[], seed: number) {
    this.#entries = faults.map((fault, index) => ({ fault, struck: 0, random: randomFrom(seed + index * 7919) }))
  }

  /** Whether a fault of a kind strikes an occasion with these labels. */
  strikes(kind: FaultKind, labels: readonly (string | undefined)[]): boolean {
    let struck = false
    for (const entry of this.#entries) {
      const { fault } = entry
      if (struck || fault.kind !== kind) continue
      if (fault.where !== undefined && !labels.includes(fault.where)) continue
      if (entry.struck >= (fault.times ?? Number.POSITIVE_INFINITY)) continue
      if (fault.chance < 1 && entry.random() >= fault.chance) continue
      entry.struck++
      struck = true
    }
    return struck
  }

  /** How often each fault has struck so far. */
  get struck(): readonly { fault: ScriptedFault; times: number }[] {
    return this.#entries.map(({ fault, struck }) => ({ fault, times: struck }))
  }
}
