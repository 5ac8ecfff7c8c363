import { HarnessError, PlatformError } from '../core/errors.ts'
import { waitUntil } from '../core/wait-until.ts'

/** How long a call may take, all its attempts together. */
export interface CallWaiting {
  /** Milliseconds. */
  deadlineMs: number
  signal?: AbortSignal | undefined
}

/** Longest that one attempt may take, milliseconds. */
const ATTEMPT_MS = 60_000

/**
 * Makes a call that has the same effect however often it is made: reads, and changes that carry a token or a name of ours.
 * Throttling and failures of the service are waited out with growing pauses; lack of capacity is not, for it may last.
 * @param map turns what the SDK throws into one of ours
 * @throws what `map` made of the last failure; CancelledError
 */
export async function persistently<T>(
  what: string,
  waiting: CallWaiting,
  map: (error: unknown) => HarnessError,
  call: (attempt: { timeoutMs: number; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const until = performance.now() + waiting.deadlineMs
  let last: HarnessError | undefined
  try {
    return await waitUntil(
      {
        what,
        deadlineMs: waiting.deadlineMs,
        intervalMs: 300 + Math.random() * 400,
        maxIntervalMs: 8000,
        ...(waiting.signal ? { signal: waiting.signal } : {}),
      },
      async (signal) => {
        const timeoutMs = Math.max(1, Math.ceil(Math.min(ATTEMPT_MS, until - performance.now())))
        try {
          return { done: true, value: await call({ timeoutMs, signal }) }
        } catch (error) {
          if (signal.aborted) throw error
          last = map(error)
          const passes = last instanceof PlatformError && (last.kind === 'throttled' || last.kind === 'unavailable')
          if (!passes) throw new Final(last)
          return { done: false, saw: last.message }
        }
      },
    )
  } catch (error) {
    if (error instanceof Final) throw error.cause
    if (error instanceof HarnessError && error.name === 'WaitTimeoutError' && last) throw last
    throw error
  }
}

/** Carries an error past the loop, which would go on after one that is retryable. */
class Final extends Error {
  override readonly cause: HarnessError

  constructor(cause: HarnessError) {
    super(cause.message)
    this.cause = cause
  }
}
