import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Ec2Client } from './client.ts'

const MAX_CHARS = 4 * 1024 * 1024
const CUT = '[... the console before this is not shown ...]\n'
const GAP = '\n[... some of the console was not kept by EC2 ...]\n'

/** An account reads a console this often at most, milliseconds: the text changes no faster. */
const FRESH_MS = 2000

/** How much of two texts is compared to find where one goes on. */
const OVERLAP = 512

/**
 * What the console has shown. EC2 keeps the last 64 KiB, for about an hour after the end of a machine too; what was read is kept here,
 * and where EC2 had dropped something between two reads, the gap is marked.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
 */
export class Ec2Console {
  readonly #client: Ec2Client
  readonly #id: string
  #text = ''
  #readAt = Number.NEGATIVE_INFINITY
  /** Types without Nitro cannot tell the console of this moment. */
  #latest = true
  /** Reads one after the other: two at a time would both add the same. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(client: Ec2Client, id: string) {
    this.#client = client
    this.#id = id
  }

  /** Everything until now. What is known already, when EC2 does not answer. @throws PlatformError when nothing was ever read */
  async read(waiting: CallWaiting): Promise<string> {
    const reading = this.#reading.then(() => this.#more(waiting))
    this.#reading = reading.catch(() => undefined)
    try {
      await reading
    } catch (error) {
      if (this.#text === '') throw error
    }
    return this.#text
  }

  async #more(waiting: CallWaiting): Promise<void> {
    if (performance.now() - this.#readAt < FRESH_MS) return
    const now = await this.#fetch(waiting)
    this.#readAt = performance.now()
    this.#text = joined(this.#text, now)
    if (this.#text.length > MAX_CHARS) this.#text = `${CUT}${this.#text.slice(-MAX_CHARS)}`
  }

  async #fetch(waiting: CallWaiting): Promise<string> {
    try {
      const answer = await this.#client.call(`reading the console of ${this.#id}`, waiting, (ec2, options) =>
        ec2.getConsoleOutput({ InstanceId: this.#id, ...(this.#latest ? { Latest: true } : {}) }, options),
      )
      return Buffer.from(answer.Output ?? '', 'base64').toString('utf8')
    } catch (error) {
      const refused = error instanceof PlatformError && error.kind === 'invalid' && this.#latest
      if (!refused) throw error
      this.#latest = false
      return await this.#fetch(waiting)
    }
  }
}

/** What was known and what was read now, as one text: the overlap once, a gap marked. */
export function joined(before: string, now: string): string {
  if (now === '' || before.endsWith(now)) return before
  if (before === '' || now.startsWith(before)) return now
  const tail = before.slice(-OVERLAP)
  const at = now.lastIndexOf(tail)
  if (at >= 0) return before + now.slice(at + tail.length)
  const head = now.slice(0, OVERLAP)
  const from = before.lastIndexOf(head)
  if (from >= 0 && now.startsWith(before.slice(from))) return before.slice(0, from) + now
  return `${before}${GAP}${now}`
}
