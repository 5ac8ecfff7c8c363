import pLimit from 'p-limit'
import { CancelledError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import type { ExecRequest, ExecResult } from './transport.ts'

// sshd allows ten sessions on a connection by default; the rest is for killing commands whose time is over.
const CHANNELS = 8

/** Lets eight commands run at once on a connection. Time in the queue counts: a deadline is one from the caller's point of view. */
export class ChannelQueue {
  readonly #limit = pLimit(CHANNELS)

  async run(request: ExecRequest, work: (request: ExecRequest) => Promise<ExecResult>): Promise<ExecResult> {
    const started = performance.now()
    const queued = Promise.withResolvers<never>()
    queued.promise.catch(() => undefined)
    let over = false
    const giveUp = (error: Error) => {
      over = true
      queued.reject(error)
    }
    const cancel = () => giveUp(new CancelledError('cancelled before the command was started'))
    const timer = setTimeout(() => {
      giveUp(new TransportError('timeout', `no channel was free within ${formatMs(request.deadlineMs)}`))
    }, request.deadlineMs)
    const leave = () => {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', cancel)
    }
    if (request.signal?.aborted) cancel()
    request.signal?.addEventListener('abort', cancel, { once: true })
    const turn = this.#limit(async () => {
      leave()
      if (over) return await queued.promise
      const deadlineMs = Math.max(1, request.deadlineMs - (performance.now() - started))
      return await work({ ...request, deadlineMs })
    })
    return await Promise.race([turn, queued.promise])
  }
}
