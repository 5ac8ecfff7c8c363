import { PlatformError } from '../../core/errors.ts'
import type { LxdClient } from './client.ts'

const MAX_CHARS = 4 * 1024 * 1024

/** The console of one machine. What LXD showed once is kept: it forgets at every restart, and a ring buffer drops its start. */
export class ConsoleMemory {
  readonly #client: LxdClient
  readonly #instance: string
  #kept = ''
  #last = ''

  constructor(client: LxdClient, instance: string) {
    this.#client = client
    this.#instance = instance
  }

  /** Everything seen so far. A machine that is gone still has what was read before. */
  async read(): Promise<string> {
    const now = await this.#fetch()
    if (now !== undefined && now !== '') {
      const whole = this.#kept.slice(0, this.#kept.length - this.#last.length) + joinShown(this.#last, now)
      this.#kept = whole.slice(-MAX_CHARS)
      this.#last = now.length < this.#kept.length ? now : this.#kept
    }
    return this.#kept
  }

  async #fetch(): Promise<string | undefined> {
    try {
      const { body } = await this.#client.open(`/1.0/instances/${this.#instance}/console`, { deadlineMs: 15_000 })
      const chunks: Buffer[] = []
      for await (const chunk of body) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    } catch (error) {
      if (
        error instanceof PlatformError &&
        (error.kind === 'not-found' || /no log file|console log/i.test(error.message))
      )
        return undefined
      throw error
    }
  }
}

/** What was shown before, followed by what is shown now, without the part that both have. */
export function joinShown(before: string, now: string): string {
  if (now.startsWith(before)) return now
  const probe = now.slice(0, 256)
  const at = probe.length === 256 ? before.lastIndexOf(probe) : -1
  return at >= 0 && now.startsWith(before.slice(at)) ? before.slice(0, at) + now : `${before}\n${now}`
}
