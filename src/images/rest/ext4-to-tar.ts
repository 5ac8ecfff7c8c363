import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { CancelledError } from '../../core/errors.ts'
import { DamagedImageError } from './damaged-image.ts'
import type { DataRange, Ext4, Inode } from './ext4.ts'
import { attributesOf } from './ext4-attributes.ts'
import type { TarEntry } from './tar-writer.ts'
import { padding, sparseMap, TAR_END, tarHeader } from './tar-writer.ts'

/** More than any image has; a hostile one may claim anything. */
const MOST_FILES = 4_000_000
const MOST_SIZE = 1024 ** 4
/** Zeros of one file that are written as such. */
const MOST_ZEROS = 1024 * 1024
const MOST_DEPTH = 200
/** Attributes that mean something to what is read later. */
const KEPT = /^(?:security\.capability|user\.)/

const KINDS: Readonly<Record<number, 'file' | 'directory' | 'link' | 'fifo'>> = {
  0x1000: 'fifo',
  0x4000: 'directory',
  0x8000: 'file',
  0xa000: 'link',
}

/**
 * Writes every file of a file system into a tar archive: owners, modes, times, links and capabilities as they are. Devices and
 * sockets are left out.
 * @param mounts further file systems by the path they belong to, as `./boot`
 * @throws DamagedImageError, CancelledError
 */
export async function ext4ToTar(
  fs: Ext4,
  target: string,
  { mounts, signal }: { mounts?: ReadonlyMap<string, Ext4>; signal?: AbortSignal } = {},
): Promise<void> {
  const handle = await open(target, 'wx')
  try {
    const output = new Output(handle)
    await new Writer(fs, output, mounts ?? new Map(), signal).directory(await fs.root(), '.', 0)
    await output.write(TAR_END)
    await output.flush()
  } catch (error) {
    // a number that leads out of the piece of the disk it belongs to
    throw error instanceof RangeError ? new DamagedImageError(error.message, error) : error
  } finally {
    await handle.close()
  }
}

/** An archive that is written in large pieces. */
class Output {
  readonly #handle: FileHandle
  #pieces: Buffer[] = []
  #waiting = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(piece: Buffer): Promise<void> {
    this.#pieces.push(piece)
    this.#waiting += piece.length
    if (this.#waiting > 4 * 1024 * 1024) await this.flush()
  }

  async flush(): Promise<void> {
    const data = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#waiting = 0
    await this.#handle.writeFile(data)
  }
}

class Writer {
  readonly #fs: Ext4
  readonly #output: Output
  readonly #mounts: ReadonlyMap<string, Ext4>
  readonly #signal: AbortSignal | undefined
  readonly #directories = new Set<number>()
  /** Where an inode with several names was written first. */
  readonly #written = new Map<number, string>()
  #files = 0
  #bytes = 0

  constructor(fs: Ext4, output: Output, mounts: ReadonlyMap<string, Ext4>, signal: AbortSignal | undefined) {
    this.#fs = fs
    this.#output = output
    this.#mounts = mounts
    this.#signal = signal
  }

  async directory(inode: Inode, path: string, depth: number): Promise<void> {
    // a directory that is in itself, or in two places, is no tree
    if (this.#directories.has(inode.number) || depth > MOST_DEPTH)
      throw new DamagedImageError(`its directories go in circles at ${JSON.stringify(path.slice(0, 200))}`)
    this.#directories.add(inode.number)
    await this.#header(inode, path, { kind: 'directory', size: 0 })
    for (const { name, inode: number } of await this.#fs.entries(inode)) {
      if (this.#signal?.aborted) throw new CancelledError('cancelled while an image was read')
      if (++this.#files > MOST_FILES) throw new DamagedImageError(`it has more than ${MOST_FILES} files`)
      const child = await this.#fs.inode(number)
      const kind = KINDS[child.mode & 0xf000]
      const below = `${path}/${name}`
      const mounted = kind === 'directory' ? this.#mounts.get(below) : undefined
      if (mounted) await this.#other(mounted).directory(await mounted.root(), below, depth + 1)
      else if (kind === 'directory') await this.directory(child, below, depth + 1)
      else if (kind !== undefined) await this.#leaf(child, below, kind)
    }
  }

  #other(fs: Ext4): Writer {
    return new Writer(fs, this.#output, new Map(), this.#signal)
  }

  async #leaf(inode: Inode, path: string, kind: 'file' | 'link' | 'fifo'): Promise<void> {
    const first = inode.links > 1 ? this.#written.get(inode.number) : undefined
    if (first !== undefined) return await this.#header(inode, path, { kind: 'hard-link', size: 0, target: first })
    if (inode.links > 1) this.#written.set(inode.number, path)
    if (kind === 'link')
      return await this.#header(inode, path, { kind, size: 0, target: await this.#fs.linkTarget(inode) })
    if (kind === 'fifo') return await this.#header(inode, path, { kind, size: 0 })
    if (inode.size > MOST_SIZE) throw new DamagedImageError(`a file claims ${inode.size} bytes`)
    const ranges = await this.#fs.dataRanges(inode)
    const data = ranges ? ranges.reduce((sum, { bytes }) => sum + bytes, 0) : inode.size
    // blocks that belong to many files at once would make any amount of a small disk
    this.#bytes += data
    if (this.#bytes > 2 * this.#fs.blocks * this.#fs.blockSize)
      throw new DamagedImageError('its files claim more than its file system holds')
    if (ranges && inode.size - data > MOST_ZEROS) return await this.#sparse(inode, path, ranges, data)
    await this.#header(inode, path, { kind, size: inode.size })
    for await (const piece of this.#fs.content(inode, ranges)) await this.#output.write(piece)
    await this.#output.write(padding(inode.size))
  }

  /** A hole costs nothing, neither in the archive nor when it is unpacked. */
  async #sparse(inode: Inode, path: string, ranges: readonly DataRange[], data: number): Promise<void> {
    const map = sparseMap(ranges, inode.size)
    await this.#header(inode, path, { kind: 'file', size: map.length + data, realSize: inode.size })
    await this.#output.write(map)
    for (const range of ranges) for await (const piece of this.#fs.written(range)) await this.#output.write(piece)
    await this.#output.write(padding(data))
  }

  async #header(
    inode: Inode,
    path: string,
    entry: Pick<TarEntry, 'kind' | 'size' | 'target' | 'realSize'>,
  ): Promise<void> {
    const { mode, uid, gid, mtime } = inode
    const all = entry.kind === 'file' ? await attributesOf(this.#fs, inode) : new Map<string, Buffer>()
    const attributes = new Map([...all].filter(([name]) => KEPT.test(name)))
    await this.#output.write(tarHeader({ path, mode, uid, gid, mtime, attributes, ...entry }))
  }
}
