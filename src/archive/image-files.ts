import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ConfigError } from '../core/errors.ts'
import { writeDurably } from './durable-file.ts'

/** An image of LXD that can be downloaded: what its two files are. */
export interface ImageFiles {
  digest: string
  metadata: { sha256: string; size: number }
  rootfs: { sha256: string; size: number }
}

/** Images that people may download from an archive, in a folder of it each. */
export class ImageFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes an image of LXD in. Its digest is the one results are about. @throws ConfigError when a file cannot be read */
  async add(metadata: string, rootfs: string): Promise<ImageFiles> {
    for (const path of [metadata, rootfs])
      if (!(await stat(path).catch(() => undefined))?.isFile()) throw new ConfigError(`there is no file ${path}`)
    const both = createHash('sha256')
    const files = { metadata: await hashInto(metadata, both), rootfs: await hashInto(rootfs, both) }
    const digest = `sha256:${both.digest('hex')}`
    const target = this.#place(digest)
    if (await this.read(digest)) return { digest, ...files }
    const fresh = `${target}.${process.pid}.tmp`
    try {
      await mkdir(fresh, { recursive: true })
      await copyFile(metadata, join(fresh, 'metadata'))
      await copyFile(rootfs, join(fresh, 'rootfs'))
      await writeDurably(join(fresh, 'files.json'), `${JSON.stringify({ digest, ...files })}\n`)
      await rename(fresh, target)
    } catch (error) {
      await rm(fresh, { recursive: true, force: true })
      throw error
    }
    return { digest, ...files }
  }

  async read(digest: string): Promise<ImageFiles | undefined> {
    const text = await readFile(join(this.#place(digest), 'files.json'), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : (JSON.parse(text) as ImageFiles)
  }

  /** All of them, by digest. */
  async list(): Promise<ImageFiles[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name)).sort()
    const all = await Promise.all(names.map((name) => this.read(`sha256:${name}`)))
    return all.filter((files) => files !== undefined)
  }

  /** Path of a file of an image. */
  path(digest: string, file: 'metadata' | 'rootfs'): string {
    return join(this.#place(digest), file)
  }

  #place(digest: string): string {
    const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
    if (hex === undefined) throw new ConfigError(`${JSON.stringify(digest)} is not a digest`)
    return join(this.#folder, hex)
  }
}

async function hashInto(path: string, both: ReturnType<typeof createHash>): Promise<{ sha256: string; size: number }> {
  const own = createHash('sha256')
  let size = 0
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      own.update(chunk)
      both.update(chunk)
      size += chunk.length
    }
  })
  return { sha256: own.digest('hex'), size }
}
