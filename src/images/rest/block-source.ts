import type { FileHandle } from 'node:fs/promises'
import { DamagedImageError } from './damaged-image.ts'

/** A stretch of a file, read by offset; what lies outside of it cannot be reached. */
export class BlockSource {
  readonly bytes: number
  readonly #handle: FileHandle
  readonly #start: number
  readonly #cache = new Map<number, Buffer>()

  constructor(handle: FileHandle, start: number, bytes: number) {
    this.#handle = handle
    this.#start = start
    this.bytes = bytes
  }

  /** A part of it, as a source of its own. */
  part(start: number, bytes: number): BlockSource {
    if (start < 0 || bytes < 0 || start + bytes > this.bytes)
      throw new DamagedImageError('a partition ends after its disk')
    return new BlockSource(this.#handle, this.#start + start, bytes)
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < 0 || length < 0 || offset + length > this.bytes)
      throw new DamagedImageError(`something lies at byte ${offset}, after the end`)
    const data = Buffer.alloc(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(data, done, length - done, this.#start + offset + done)
      if (bytesRead === 0) throw new DamagedImageError('the image ends before its file system does')
      done += bytesRead
    }
    return data
  }

  /** A small piece that is wanted again soon; the caller does not change it. */
  async cached(offset: number, length: number): Promise<Buffer> {
    const known = this.#cache.get(offset)
    if (known?.length === length) return known
    const data = await this.read(offset, length)
    if (this.#cache.size >= MOST_CACHED) this.#cache.clear()
    this.#cache.set(offset, data)
    return data
  }
}

const MOST_CACHED = 2048
