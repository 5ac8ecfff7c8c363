import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { blobCall } from './blob.ts'
import type { AzureClient } from './client.ts'
import type { InGroup } from './ids.ts'

const MAX_CHARS = 4 * 1024 * 1024
const MAX_PICTURE = 16 * 1024 * 1024
/** Addresses of blobs are good for two hours: https://learn.microsoft.com/en-us/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data */
const URL_MS = 30 * 60_000
const CUT = '[... the console before this is not shown ...]\n'
/** What shows that a text goes on from one that was read before. */
const OVERLAP = 2000

/**
 * What the serial console has shown. Azure keeps it in a blob that it writes anew now and then, and drops it with the machine; so what was
 * read is kept here, and where nothing connects two reads the gap is marked.
 * https://learn.microsoft.com/en-us/azure/virtual-machines/boot-diagnostics
 */
export class BootLog {
  readonly #client: AzureClient
  readonly #at: InGroup
  #text = ''
  #url: { console: string; at: number } | undefined
  #reading: Promise<unknown> = Promise.resolve()

  constructor(client: AzureClient, at: InGroup) {
    this.#client = client
    this.#at = at
  }

  /** Everything until now; what is known already, when the machine is gone. */
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

  /** A picture of the screen as it was some minutes ago at most, BMP. @throws PlatformError */
  async screen(waiting: CallWaiting): Promise<Uint8Array> {
    const { screen } = await this.#client.bootDiagnostics(this.#at, waiting)
    if (!screen) throw new PlatformError('not-found', `Azure has no picture of the screen of ${this.#at.name}`)
    const call = { method: 'GET', deadlineMs: Math.min(60_000, waiting.deadlineMs), ca: this.#client.ca } as const
    return await blobCall(screen, { ...call, maxBytes: MAX_PICTURE }, `taking a picture of ${this.#at.name}`)
  }

  /** Where the text lies, asked for once in a while. */
  async #where(waiting: CallWaiting): Promise<string | undefined> {
    if (this.#url && performance.now() - this.#url.at < URL_MS) return this.#url.console
    const { console } = await this.#client.bootDiagnostics(this.#at, waiting)
    this.#url = console === undefined ? undefined : { console, at: performance.now() }
    return console
  }

  async #more(waiting: CallWaiting): Promise<void> {
    const url = await this.#where(waiting)
    if (!url) return
    const call = { method: 'GET', deadlineMs: Math.min(60_000, waiting.deadlineMs), ca: this.#client.ca } as const
    const now = await blobCall(url, call, `reading the console of ${this.#at.name}`).catch((error: unknown) => {
      this.#url = undefined
      throw error
    })
    this.#text = joined(this.#text, now.toString('utf8')).slice(-MAX_CHARS)
    if (this.#text.length === MAX_CHARS) this.#text = CUT + this.#text
  }
}

/** What was known, and what goes on from it. */
export function joined(before: string, now: string): string {
  if (now.startsWith(before) || before === '') return now
  const end = before.slice(-OVERLAP)
  const at = now.lastIndexOf(end)
  if (at >= 0) return before + now.slice(at + end.length)
  return now === '' || before.endsWith(now) ? before : `${before}\n[... something may be missing here ...]\n${now}`
}
