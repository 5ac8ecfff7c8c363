import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { ConfigError } from '../core/errors.ts'
import { digestOf, hexOf } from '../publish/digest.ts'
import { syncFolder, writeDurably } from './durable-file.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** Largest content, before it is compressed. */
export const MAX_BLOB_BYTES = 32 * 1024 * 1024

/** What is left of content that was removed on purpose. */
export interface Tombstone {
  digest: string
  bytes: number
  /** ISO 8601. */
  at: string
  reason: string
}

/** Content by its digest, in files, compressed. Nothing is ever replaced; what is removed leaves a tombstone. */
export class BlobStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Keeps content. @returns false when it was there already. @throws ConfigError when it is not what the digest says, or was removed */
  async put(digest: string, bytes: Uint8Array): Promise<boolean> {
    if (bytes.length > MAX_BLOB_BYTES) throw new ConfigError(`${digest} is larger than ${MAX_BLOB_BYTES} bytes`)
    if (digestOf(bytes) !== digest) throw new ConfigError(`the content is not ${digest}`)
    if (await this.has(digest)) return false
    const gone = await this.tombstone(digest)
    if (gone) throw new ConfigError(`${digest} was removed on ${gone.at.slice(0, 10)}: ${gone.reason}`)
    await writeDurably(this.#path(digest, 'gz'), await compress(bytes, { level: 6 }))
    return true
  }

  async has(digest: string): Promise<boolean> {
    return (await stat(this.#path(digest, 'gz')).catch(() => undefined)) !== undefined
  }

  /** The content; undefined when it is not here or was removed. */
  async read(digest: string): Promise<Buffer | undefined> {
    const stored = await readFile(this.#path(digest, 'gz')).catch(() => undefined)
    return stored && (await expand(stored, { maxOutputLength: MAX_BLOB_BYTES }))
  }

  /** The content as it is stored, by gzip. */
  async readCompressed(digest: string): Promise<Buffer | undefined> {
    return await readFile(this.#path(digest, 'gz')).catch(() => undefined)
  }

  /** Bytes on disk; undefined when it is not here. */
  async size(digest: string): Promise<number | undefined> {
    return (await stat(this.#path(digest, 'gz')).catch(() => undefined))?.size
  }

  async tombstone(digest: string): Promise<Tombstone | undefined> {
    const text = await readFile(this.#path(digest, 'gone'), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : (JSON.parse(text) as Tombstone)
  }

  /** Removes content for good. @returns bytes on disk that are free now */
  async remove(digest: string, why: { at: string; reason: string }): Promise<number> {
    const path = this.#path(digest, 'gz')
    const size = (await stat(path).catch(() => undefined))?.size ?? 0
    if (!(await this.tombstone(digest))) {
      const stone: Tombstone = { digest, bytes: size, ...why }
      await writeDurably(this.#path(digest, 'gone'), `${JSON.stringify(stone)}\n`)
    }
    await rm(path, { force: true })
    await syncFolder(join(path, '..'))
    return size
  }

  /**
   * Removes files that were begun or uploaded and that nothing named since: without a tombstone, so that they may come again.
   * @param before milliseconds: newer ones stay
   * @returns how many, and bytes on disk that are free now
   */
  async removeStrays(
    isNamed: (digest: string) => boolean,
    before: number,
    dryRun: boolean,
  ): Promise<{ files: number; freed: number }> {
    const root = join(this.#folder, 'sha256')
    const done = { files: 0, freed: 0 }
    for (const part of await readdir(root).catch(() => [])) {
      for (const name of await readdir(join(root, part)).catch(() => [])) {
        const hex = /^([0-9a-f]{64})\.gz$/.exec(name)?.[1]
        if (hex === undefined ? !name.endsWith('.tmp') : isNamed(`sha256:${hex}`)) continue
        const path = join(root, part, name)
        const info = await stat(path).catch(() => undefined)
        if (!info || info.mtimeMs >= before) continue
        done.files++
        done.freed += info.size
        if (!dryRun) await rm(path, { force: true })
      }
    }
    return done
  }

  #path(digest: string, ending: 'gz' | 'gone'): string {
    // A digest names a file: nothing else may get into a path.
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new ConfigError(`${JSON.stringify(digest)} is not a digest`)
    const hex = hexOf(digest)
    return join(this.#folder, 'sha256', hex.slice(0, 2), `${hex}.${ending}`)
  }
}
