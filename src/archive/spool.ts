import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hexOf } from '../publish/digest.ts'
import type { Envelope } from '../publish/envelope.ts'
import { writeWhole } from './durable-file.ts'

/** What waits for the database: verified, on disk, and not in the log yet. */
export interface Spooled {
  id: string
  submitter: string
  credential: string
  receivedAt: number
  envelope: Envelope
  identity?: Readonly<Record<string, string>>
}

/** Submissions between their arrival and their place in the log. What is in here survives a crash. */
export class Spool {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async put(spooled: Spooled): Promise<void> {
    await writeWhole(this.#path(spooled.id), JSON.stringify(spooled))
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true })
  }

  /** What a former process left, oldest first. */
  async left(): Promise<Spooled[]> {
    const there = await readdir(this.#folder).catch(() => [])
    // What was not written to its end was never answered.
    for (const name of there) if (name.endsWith('.tmp')) await rm(join(this.#folder, name), { force: true })
    const names = there.filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
    const all = await Promise.all(
      names.map(async (name) => JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as Spooled),
    )
    return all.sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))
  }

  /** Bytes that wait. */
  async size(): Promise<number> {
    const names = await readdir(this.#folder).catch(() => [])
    const sizes = await Promise.all(names.map((name) => stat(join(this.#folder, name)).catch(() => undefined)))
    return sizes.reduce((sum, info) => sum + (info?.size ?? 0), 0)
  }

  #path(id: string): string {
    return join(this.#folder, `${hexOf(id)}.json`)
  }
}
