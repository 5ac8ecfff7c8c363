import type { CallWaiting } from '../cloud-calls.ts'
import type { InZone } from './client-instances.ts'
import type { GceClient } from './client.ts'

const MAX_CHARS = 4 * 1024 * 1024
/** An answer has a megabyte at most; one that is shorter has all there is. */
const WHOLE = 512 * 1024
const CUT = '[... the console before this is not shown ...]\n'

/**
 * What the serial port has shown. The platform keeps about a megabyte, and nothing once the machine is deleted, so what was read is kept
 * here; where the platform had already dropped something between two reads, the gap is marked.
 * https://cloud.google.com/compute/docs/troubleshooting/viewing-serial-port-output
 */
export class SerialConsole {
  readonly #client: GceClient
  readonly #at: InZone
  #text = ''
  #next = 0
  /** Reads one after the other: two at a time would both add the same. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(client: GceClient, at: InZone) {
    this.#client = client
    this.#at = at
  }

  /** Everything until now; what is known already, when the machine is gone. @throws PlatformError when nothing was ever read */
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
    for (;;) {
      const part = await this.#client.instances.serialPort(this.#at, this.#next, waiting)
      // A machine that was started again begins anew.
      if (part.next < this.#next) this.#text += '\n[... the machine was started again ...]\n'
      else if (part.start > this.#next && this.#text !== '')
        this.#text += `\n[... ${part.start - this.#next} bytes were not kept ...]\n`
      this.#text += part.text
      if (this.#text.length > MAX_CHARS) this.#text = `${CUT}${this.#text.slice(-MAX_CHARS)}`
      const before = this.#next
      this.#next = part.next
      if (part.text.length < WHOLE || part.next === before) return
    }
  }
}
