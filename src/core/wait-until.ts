import { CancelledError, HarnessError, WaitTimeoutError } from './errors.ts'
import { formatMs } from './duration.ts'

export interface WaitOptions {
  /** Completes "gave up waiting for ...". */
  what: string
  /** Milliseconds until the wait gives up. Required: every wait has a deadline. */
  deadlineMs: number
  /** Milliseconds before the second attempt; grows by half up to `maxIntervalMs`. Default 100. */
  intervalMs?: number
  /** Default 1000. */
  maxIntervalMs?: number
  signal?: AbortSignal
  hint?: string
}

/** An attempt's answer: done with a value, or not yet with what was seen, in a few words. */
export type Attempt<T> = { done: true; value: T } | { done: false; saw: string }

/**
 * The one loop that waits. Calls `attempt` until it is done, an error that is not retryable is thrown, or the deadline passes.
 * Retryable `HarnessError`s count as "not yet" and are remembered in what was seen.
 * Each attempt gets a signal that fires at the deadline, so an attempt that hangs cannot outlive it.
 * @throws WaitTimeoutError saying what was seen, CancelledError when `signal` fires.
 */
export async function waitUntil<T>(
  options: WaitOptions,
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<T> {
  const started = performance.now()
  const deadline = AbortSignal.timeout(Math.ceil(options.deadlineMs))
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  const seen = new Map<string, number>()
  const note = (saw: string) => seen.set(saw, (seen.get(saw) ?? 0) + 1)
  let interval = options.intervalMs ?? 100
  for (;;) {
    if (options.signal?.aborted) throw new CancelledError(`cancelled while waiting for ${options.what}`)
    try {
      const answer = await raceSignal(attempt(signal), signal)
      if (answer.done) return answer.value
      note(answer.saw)
    } catch (error) {
      if (options.signal?.aborted)
        throw new CancelledError(`cancelled while waiting for ${options.what}`, { cause: error })
      if (!deadline.aborted && !(error instanceof HarnessError && error.retryable)) throw error
      if (error !== EXPIRED) note(error instanceof Error ? error.message : String(error))
    }
    if (deadline.aborted) throw gaveUp(options, seen, performance.now() - started)
    await pause(interval, signal)
    interval = Math.min(interval * 1.5, options.maxIntervalMs ?? 1000)
  }
}

/** Waits `ms` milliseconds or until `signal` fires, whichever is first. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}

const EXPIRED = new Error('the attempt itself did not answer before the deadline')

function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(EXPIRED)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function gaveUp(options: WaitOptions, seen: Map<string, number>, elapsedMs: number): WaitTimeoutError {
  const saw = [...seen].sort((a, b) => b[1] - a[1]).map(([what, times]) => `${times}x ${what}`)
  const summary = saw.length > 0 ? `saw ${saw.slice(0, 4).join(', ')}` : 'no attempt answered'
  return new WaitTimeoutError(
    `gave up waiting for ${options.what} after ${formatMs(elapsedMs)}; ${summary}`,
    saw,
    options.hint === undefined ? {} : { hint: options.hint },
  )
}
