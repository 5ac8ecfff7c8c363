import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PlatformError } from '../../core/errors.ts'
import { stateDir } from '../../core/paths.ts'
import type { LxdClient } from './client.ts'
import { describeEndpoint } from './endpoint.ts'

const MAX_CHARS = 4 * 1024 * 1024

/**
 * The console of one machine. LXD gives every part of it only once, to whoever asks first, and forgets it at a restart.
 * What was given is kept in a file, so that all objects and processes that look at the machine see all of it.
 */
export class ConsoleMemory {
  readonly #client: LxdClient
  readonly #instance: string
  readonly #file: string
  #kept = ''
  #reading: Promise<string> = Promise.resolve('')

  constructor(client: LxdClient, instance: string) {
    this.#client = client
    this.#instance = instance
    this.#file = keptFile(client, instance)
  }

  /** Everything shown so far. A machine that is gone still has what this object read before. */
  read(): Promise<string> {
    const next = () => this.#readOnce()
    this.#reading = this.#reading.then(next, next)
    return this.#reading
  }

  async #readOnce(): Promise<string> {
    const now = await this.#fetch()
    const before = await readFile(this.#file, 'utf8').catch(() => '')
    if (now) {
      this.#kept = capped(joinShown(before, now))
      // Where it cannot be written, this object at least still has it.
      await this.#save().catch(() => undefined)
    } else if (before) this.#kept = before
    return this.#kept
  }

  async #save(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    await writeFile(this.#file, this.#kept, { mode: 0o600 })
  }

  async #fetch(): Promise<string> {
    try {
      const { body } = await this.#client.open(`/1.0/instances/${this.#instance}/console`, { deadlineMs: 15_000 })
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of body) {
        chunks.push(chunk as Buffer)
        bytes += (chunk as Buffer).length
        while (bytes - (chunks[0]?.length ?? 0) > MAX_CHARS) bytes -= chunks.shift()?.length ?? 0
      }
      return Buffer.concat(chunks).toString('utf8')
    } catch (error) {
      // "no such file" is what LXD says when nothing new was shown; virtual machines of LXD 5.0 have no console log.
      if (error instanceof PlatformError && (error.kind === 'not-found' || /not container type/i.test(error.message)))
        return ''
      throw error
    }
  }
}

const CUT = '[... the console before this was not kept ...]\n'

function capped(text: string): string {
  return text.length > MAX_CHARS ? `${CUT}${text.slice(CUT.length - MAX_CHARS)}` : text
}

/** Forgets what was kept of an instance that is gone, or about to be made anew. */
export async function forgetConsole(client: LxdClient, instance: string): Promise<void> {
  await rm(keptFile(client, instance), { force: true })
}

/** What was shown before and what was given now, without the part that both have. */
export function joinShown(before: string, now: string): string {
  if (now.startsWith(before)) return now
  const probe = now.slice(0, 256)
  const at = probe.length === 256 ? before.lastIndexOf(probe) : -1
  return at >= 0 && now.startsWith(before.slice(at)) ? before.slice(0, at) + now : before + now
}

function keptFile(client: LxdClient, instance: string): string {
  const where = `${describeEndpoint(client.endpoint)} ${client.project ?? ''} ${instance}`
  return join(
    stateDir(),
    'lxd-console',
    `${instance}-${createHash('sha256').update(where).digest('hex').slice(0, 12)}.log`,
  )
}
