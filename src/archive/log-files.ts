import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { ConfigError } from '../core/errors.ts'
import type { Envelope } from '../publish/envelope.ts'
import { syncFolder, writeDurably, writeWhole } from './durable-file.ts'
import type { LogEntry } from './log-entry.ts'

/** What an archive keeps of a submission: enough to make its rows again, and to prove them. */
export interface ArchivedSubmission {
  entry: LogEntry
  /** Absent when the archive no longer keeps it. */
  envelope?: Envelope
  /** Who an OIDC token said it was; the token itself is not kept. */
  identity?: Readonly<Record<string, string>>
  /** What is no longer kept: judgements of some cell runs, or, without an envelope, everything. */
  expired?: { at: string; checks?: readonly string[] }
}

const compress = promisify(gzip)
const expand = promisify(gunzip)
const NAME = /^(\d{9})\.json\.gz$/
const MAX_BYTES = 64 * 1024 * 1024

/** The submissions of an archive, one file each, in the order of the log. */
export class LogFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Writes a file beside its place. It counts when `settle` has been called. */
  async prepare(archived: ArchivedSubmission): Promise<void> {
    // Its place in the folder is made to last when it is settled.
    await writeWhole(`${this.#path(archived.entry.seq)}.pending`, await compress(JSON.stringify(archived)))
  }

  /** Puts what was prepared in its place. */
  async settle(seqs: readonly number[]): Promise<void> {
    await Promise.all(seqs.map((seq) => rename(`${this.#path(seq)}.pending`, this.#path(seq))))
    await syncFolder(this.#folder)
  }

  /** Puts another content in the place of a submission; only for what is no longer kept. */
  async replace(archived: ArchivedSubmission): Promise<void> {
    await writeDurably(this.#path(archived.entry.seq), await compress(JSON.stringify(archived)))
  }

  async read(seq: number): Promise<ArchivedSubmission | undefined> {
    const bytes = await readFile(this.#path(seq)).catch(() => undefined)
    if (!bytes) return undefined
    try {
      const text = await expand(bytes, { maxOutputLength: MAX_BYTES })
      return JSON.parse(text.toString('utf8')) as ArchivedSubmission
    } catch (error) {
      throw new ConfigError(`${this.#path(seq)} is damaged`, { hint: 'bring it back from a backup', cause: error })
    }
  }

  /** The number of the newest one; 0 when there is none. */
  async last(): Promise<number> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => NAME.test(name)).sort()
    return Number(NAME.exec(names.at(-1) ?? '')?.[1] ?? 0)
  }

  /** All of them, in order. @throws ConfigError at a gap or a file that is damaged */
  async *all(): AsyncGenerator<ArchivedSubmission> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => NAME.test(name)).sort()
    let expected = 1
    for (const name of names) {
      const seq = Number(NAME.exec(name)?.[1])
      if (seq !== expected)
        throw new ConfigError(`${this.#path(expected)} is missing`, { hint: 'bring it back from a backup' })
      expected++
      const archived = await this.read(seq)
      if (archived) yield archived
    }
  }

  /** After a crash: what the database knows is put in its place, what it does not know is forgotten; the spool still has that. */
  async recover(isKnown: (seq: number, id: string) => Promise<boolean>): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const [, stem = '', pending = ''] = /^(\d{9}\.json\.gz)(\.pending)?/.exec(name) ?? []
      if (pending === '' && stem === name) continue
      const path = join(this.#folder, name)
      if (name !== `${stem}.pending`) {
        await rm(path, { force: true })
        continue
      }
      const bytes = await expand(await readFile(path), { maxOutputLength: MAX_BYTES })
      const { entry } = JSON.parse(bytes.toString('utf8')) as ArchivedSubmission
      if (await isKnown(entry.seq, entry.id)) await this.settle([entry.seq])
      else await rm(path, { force: true })
    }
  }

  #path(seq: number): string {
    return join(this.#folder, `${String(seq).padStart(9, '0')}.json.gz`)
  }
}
