import { TransportError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'

/** The server opened no channel, so nothing was run. */
export class ChannelRefusedError extends TransportError {}

const REFUSED_MS = 10_000

/**
 * Asks again when a channel is refused. sshd counts a session until it has buried its process, which may be after we have seen
 * the end of it: with quick commands one after the other it refuses channels although few are in use.
 */
export async function insist<T>(attempt: () => Promise<T>, mayRepeat: () => boolean): Promise<T> {
  const started = performance.now()
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 200)) {
    try {
      return await attempt()
    } catch (error) {
      const late = performance.now() - started > REFUSED_MS
      if (!(error instanceof ChannelRefusedError) || late || !mayRepeat()) throw error
    }
    await pause(waitMs)
  }
}
