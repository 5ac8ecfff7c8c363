import type { BlockSource } from './block-source.ts'
import { DamagedImageError } from './damaged-image.ts'
import { extentsOf } from './ext4-blocks.ts'
import { attributesOf } from './ext4-attributes.ts'

/** What an inode says. */
export interface Inode {
  number: number
  mode: number
  uid: number
  gid: number
  size: number
  mtime: number
  links: number
  flags: number
  /** 60 bytes: block numbers, the root of the extents, a short link, or the data themselves. */
  block: Buffer
  /** All of it, as it is on the disk. */
  raw: Buffer
}

/** A stretch of a file: where in the file, and where on the partition, in bytes. */
export interface DataRange {
  start: number
  bytes: number
  at: number
}

export interface DirectoryEntry {
  /** Bytes of the name, one per character. */
  name: string
  inode: number
}

const MAGIC = 0xef53
const FILETYPE = 0x2
const RECOVER = 0x4
const EXTENTS = 0x40
const BITS64 = 0x80
const FLEX_BG = 0x200
const EA_INODE = 0x400
const CSUM_SEED = 0x2000
const LARGE_DIR = 0x4000
const INLINE_DATA = 0x8000
const CASEFOLD = 0x20000
const READABLE =
  FILETYPE | RECOVER | EXTENTS | BITS64 | FLEX_BG | EA_INODE | CSUM_SEED | LARGE_DIR | INLINE_DATA | CASEFOLD

export const INLINE_FLAG = 0x1000_0000
const ROOT_INODE = 2

/**
 * Reads ext2, ext3 and ext4 without mounting, so without root and without showing a hostile file system to the kernel. Every number
 * on the disk is checked before it is used. Nothing is written, and the journal is not played back.
 */
export class Ext4 {
  readonly source: BlockSource
  readonly blockSize: number
  readonly blocks: number
  /** As fstab spells it. */
  readonly uuid: string
  readonly label: string
  readonly #inodes: number
  readonly #inodesPerGroup: number
  readonly #inodeSize: number
  readonly #descriptors: Buffer
  readonly #descriptorSize: number

  private constructor(source: BlockSource, superblock: Buffer, descriptors: Buffer) {
    this.source = source
    const shape = shapeOf(superblock)
    this.blockSize = shape.blockSize
    this.blocks = shape.blocks
    this.#inodes = superblock.readUInt32LE(0)
    this.#inodesPerGroup = superblock.readUInt32LE(0x28)
    this.#inodeSize = shape.inodeSize
    this.#descriptors = descriptors
    this.#descriptorSize = shape.descriptorSize
    const hex = superblock.toString('hex', 0x68, 0x78)
    this.uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    this.label = superblock.toString('latin1', 0x78, 0x88).replace(/\0.*$/s, '')
  }

  /** The file system of a partition; undefined when it is no ext4, or has features that only the kernel can read. @throws DamagedImageError */
  static async open(source: BlockSource): Promise<Ext4 | undefined> {
    if (source.bytes < 4096) return undefined
    const superblock = await source.read(1024, 1024)
    if (superblock.readUInt16LE(0x38) !== MAGIC) return undefined
    if ((superblock.readUInt32LE(0x60) & ~READABLE) !== 0) return undefined
    const { blockSize, blocks, inodeSize, descriptorSize } = shapeOf(superblock)
    const perGroup = superblock.readUInt32LE(0x20)
    const perGroupInodes = superblock.readUInt32LE(0x28)
    if (blockSize > 65_536 || inodeSize < 128 || inodeSize > blockSize || perGroup === 0 || perGroupInodes === 0)
      throw new DamagedImageError('the sizes in its file system cannot be')
    if (blocks * blockSize > source.bytes) throw new DamagedImageError('its file system is larger than its partition')
    const first = superblock.readUInt32LE(0x14)
    const groups = Math.ceil((blocks - first) / perGroup)
    const descriptors = await source.read((first + 1) * blockSize, groups * descriptorSize)
    return new Ext4(source, superblock, descriptors)
  }

  root(): Promise<Inode> {
    return this.inode(ROOT_INODE)
  }

  async inode(number: number): Promise<Inode> {
    if (number < 1 || number > this.#inodes) throw new DamagedImageError(`there is no inode ${number}`)
    const group = Math.floor((number - 1) / this.#inodesPerGroup)
    const at = group * this.#descriptorSize
    if (at + this.#descriptorSize > this.#descriptors.length) throw new DamagedImageError(`there is no inode ${number}`)
    const high = this.#descriptorSize >= 64 ? this.#descriptors.readUInt32LE(at + 0x28) : 0
    const table = this.#descriptors.readUInt32LE(at + 8) + high * 2 ** 32
    const offset = table * this.blockSize + ((number - 1) % this.#inodesPerGroup) * this.#inodeSize
    const within = offset % this.blockSize
    const block = await this.source.cached(offset - within, this.blockSize)
    return parseInode(number, Buffer.from(block.subarray(within, within + this.#inodeSize)))
  }

  /** Where the bytes of a file are that were ever written, in order, cut at its end. Undefined for content that lies in the inode. */
  async dataRanges(inode: Inode): Promise<DataRange[] | undefined> {
    if (inode.flags & INLINE_FLAG) return undefined
    const ranges: DataRange[] = []
    for await (const { logical, physical, count } of extentsOf(this, inode)) {
      const start = logical * this.blockSize
      if (start >= inode.size) break
      if (physical === undefined) continue
      const bytes = Math.min(count * this.blockSize, inode.size - start)
      const last = ranges.at(-1)
      const at = physical * this.blockSize
      if (last && last.start + last.bytes === start && last.at + last.bytes === at) last.bytes += bytes
      else ranges.push({ start, bytes, at })
    }
    return ranges
  }

  /** Content of a file in pieces; holes are zeros. */
  async *content(inode: Inode, known?: readonly DataRange[]): AsyncGenerator<Buffer> {
    const ranges = known ?? (await this.dataRanges(inode))
    if (!ranges) {
      const rest = (await attributesOf(this, inode)).get('system.data') ?? Buffer.alloc(0)
      yield Buffer.concat([inode.block, rest]).subarray(0, inode.size)
      return
    }
    let position = 0
    for (const range of ranges) {
      yield* zeros(range.start - position)
      yield* this.written(range)
      position = range.start + range.bytes
    }
    yield* zeros(inode.size - position)
  }

  /** The bytes of a range in pieces. */
  async *written({ at, bytes }: DataRange): AsyncGenerator<Buffer> {
    for (let done = 0; done < bytes; done += PIECE)
      yield await this.source.read(at + done, Math.min(PIECE, bytes - done))
  }

  /** All of a small file. @throws DamagedImageError when it is larger than `most` */
  async readAll(inode: Inode, most: number): Promise<Buffer> {
    if (inode.size > most)
      throw new DamagedImageError(`inode ${inode.number} has ${inode.size} bytes where at most ${most} can be`)
    const pieces: Buffer[] = []
    for await (const piece of this.content(inode)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Where a symbolic link leads, one byte per character. */
  async linkTarget(inode: Inode): Promise<string> {
    const short = inode.size < 60 && (inode.flags & 0x8_0000) === 0
    const data =
      short && !(inode.flags & INLINE_FLAG) ? inode.block.subarray(0, inode.size) : await this.readAll(inode, 4096)
    return data.toString('latin1')
  }

  /** Entries of a directory but `.` and `..`; a name that could not be one, or is there twice, is left out. */
  async entries(directory: Inode): Promise<DirectoryEntry[]> {
    const found = new Map<string, DirectoryEntry>()
    for (const data of await this.#directoryBlocks(directory)) {
      for (let at = 0; at + 8 <= data.length;) {
        const length = data.readUInt16LE(at + 4) || data.length - at
        const name = data.toString('latin1', at + 8, at + 8 + (data[at + 6] ?? 0))
        const inode = data.readUInt32LE(at)
        if (length < 8 || at + length > data.length) break
        if (inode !== 0 && isName(name) && !found.has(name)) found.set(name, { name, inode })
        at += length
      }
    }
    return [...found.values()]
  }

  async #directoryBlocks(directory: Inode): Promise<Buffer[]> {
    if (directory.flags & INLINE_FLAG) {
      const rest = (await attributesOf(this, directory)).get('system.data')
      return [directory.block.subarray(4), ...(rest ? [rest] : [])]
    }
    const data = await this.readAll(directory, MOST_DIRECTORY)
    const count = Math.floor(data.length / this.blockSize)
    return Array.from({ length: count }, (_, index) =>
      data.subarray(index * this.blockSize, (index + 1) * this.blockSize),
    )
  }

  /** The inode a path leads to without following links; undefined when there is none. */
  async find(path: string): Promise<Inode | undefined> {
    let inode = await this.root()
    for (const part of path.split('/').filter(Boolean)) {
      if ((inode.mode & 0xf000) !== 0x4000) return undefined
      const entry = (await this.entries(inode)).find(({ name }) => name === part)
      if (!entry) return undefined
      inode = await this.inode(entry.inode)
    }
    return inode
  }
}

const PIECE = 1024 * 1024
const MOST_DIRECTORY = 64 * 1024 * 1024

function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function* zeros(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE) yield Buffer.alloc(Math.min(PIECE, left))
}

function shapeOf(superblock: Buffer) {
  const incompatible = superblock.readUInt32LE(0x60)
  const bits64 = (incompatible & BITS64) !== 0
  return {
    blockSize: 1024 * 2 ** Math.min(superblock.readUInt32LE(0x18), 16),
    blocks: superblock.readUInt32LE(4) + (bits64 ? superblock.readUInt32LE(0x150) * 2 ** 32 : 0),
    inodeSize: superblock.readUInt32LE(0x4c) === 0 ? 128 : superblock.readUInt16LE(0x58),
    descriptorSize: bits64 ? Math.max(32, superblock.readUInt16LE(0xfe)) : 32,
  }
}

function parseInode(number: number, raw: Buffer): Inode {
  const extra = raw.length > 128 ? raw.readUInt16LE(0x80) : 0
  // two more bits of the seconds, past 2038
  const epoch = extra >= 12 ? (raw.readUInt32LE(0x88) & 3) * 2 ** 32 : 0
  return {
    number,
    mode: raw.readUInt16LE(0),
    uid: raw.readUInt16LE(2) + raw.readUInt16LE(0x78) * 65_536,
    gid: raw.readUInt16LE(0x18) + raw.readUInt16LE(0x7a) * 65_536,
    size: raw.readUInt32LE(4) + raw.readUInt32LE(0x6c) * 2 ** 32,
    mtime: raw.readInt32LE(0x10) + epoch,
    links: raw.readUInt16LE(0x1a),
    flags: raw.readUInt32LE(0x20),
    block: raw.subarray(0x28, 0x28 + 60),
    raw,
  }
}
