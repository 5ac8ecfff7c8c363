import { z } from 'zod'
import { toMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import type { ImdsRequest } from './cloud.ts'

const KINDS = ['slow', 'status', 'reset', 'hang', 'truncate', 'malformed', 'token-expired'] as const

const faultSchema = z.strictObject({
  /**
   * `slow` answers late, `status` with an error, `reset` closes the connection at once, `hang` never answers, `truncate` sends half
   * of what it promised, `malformed` sends something else than it should, `token-expired` refuses every token made before.
   */
  kind: z.enum(KINDS),
  /** Answer of `status`. */
  status: z.int().min(400).max(599).optional(),
  /** Delay of `slow`, milliseconds. */
  delayMs: z.int().min(1).max(600_000).optional(),
  /** Paths that begin so; all when absent. */
  path: z.string().startsWith('/').optional(),
  method: z.string().optional(),
  endpoint: z.enum(['metadata', 'wire']).optional(),
  /** Matching requests that pass before it begins. */
  skip: z.int().min(0).optional(),
  /** Requests it strikes; all when absent. */
  times: z.int().min(1).optional(),
  /** Over that many milliseconds after it was set. */
  forMs: z.int().min(1).optional(),
})

/** Something that goes wrong on purpose. */
export type Fault = z.infer<typeof faultSchema>

/** @throws ConfigError naming the key */
export function checkFaults(value: unknown): Fault[] {
  const result = z.array(faultSchema).safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ConfigError(`bad fault: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`)
}

/**
 * Reads a fault as people write it: `503 /latest/user-data x3`, `slow 5 seconds`, `reset for 20 seconds`, `hang after 2`.
 * @throws ConfigError
 */
export function parseFault(text: string): Fault {
  const words = text.trim().split(/\s+/)
  const [kind = '', ...rest] = words
  const fault: Fault = /^[45]\d\d$/.test(kind) ? { kind: 'status', status: Number(kind) } : { kind: kindOf(kind, text) }
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    if (word.startsWith('/')) fault.path = word
    else if (/^x\d+$/.test(word)) fault.times = Number(word.slice(1))
    else if (word === 'after') fault.skip = Number(rest.shift())
    else if (word === 'for') fault.forMs = toMs(`${rest.shift()} ${rest.shift()}`)
    else if (fault.kind === 'slow' && /^\d/.test(word)) fault.delayMs = toMs(`${word} ${rest.shift()}`)
    else if (/^[A-Z]+$/.test(word)) fault.method = word
    else throw new ConfigError(`"${word}" in the fault "${text}" is not understood`, { hint: HINT })
  }
  return checkFaults([fault])[0] ?? fault
}

const HINT = 'for example: 503 /latest/user-data x3, slow 5 seconds, reset for 20 seconds, hang after 2'

function kindOf(word: string, text: string): Fault['kind'] {
  const kind = KINDS.find((known) => known === word)
  if (kind === undefined || kind === 'status')
    throw new ConfigError(
      `the fault "${text}" must begin with a status or one of ${KINDS.filter((known) => known !== 'status').join(', ')}`,
      { hint: HINT },
    )
  return kind
}

/** The faults that are set, and how often each has seen a request. */
export class FaultPlan {
  readonly #entries: { fault: Fault; since: number; seen: number }[]

  constructor(faults: readonly Fault[], now: number) {
    this.#entries = faults.map((fault) => ({ fault, since: now, seen: 0 }))
  }

  /** The first fault that strikes a request; each that matches counts it. */
  strike(request: Pick<ImdsRequest, 'endpoint' | 'method' | 'path'>, now: number): Fault | undefined {
    let struck: Fault | undefined
    for (const entry of this.#entries) {
      const { fault, since } = entry
      if (fault.endpoint !== undefined && fault.endpoint !== request.endpoint) continue
      if (fault.method !== undefined && fault.method !== request.method) continue
      if (fault.path !== undefined && !request.path.startsWith(fault.path)) continue
      if (fault.forMs !== undefined && now >= since + fault.forMs) continue
      entry.seen++
      const number = entry.seen - (fault.skip ?? 0)
      if (number >= 1 && number <= (fault.times ?? Number.POSITIVE_INFINITY)) struck ??= fault
    }
    return struck
  }
}
