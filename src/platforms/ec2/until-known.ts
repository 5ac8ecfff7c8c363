import { PlatformError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'

/** What was just made may be unknown to other calls for a while: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html */
export async function untilKnown<T>(waiting: CallWaiting, call: () => Promise<T>): Promise<T> {
  const until = performance.now() + Math.min(60_000, waiting.deadlineMs)
  for (let wait = 200; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await call()
    } catch (error) {
      const unknown = error instanceof PlatformError && error.kind === 'not-found'
      if (!unknown || performance.now() + wait > until || waiting.signal?.aborted) throw error
      await pause(wait, waiting.signal)
    }
  }
}
