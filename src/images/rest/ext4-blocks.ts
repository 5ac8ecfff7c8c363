import { DamagedImageError } from './damaged-image.ts'
import type { Ext4, Inode } from './ext4.ts'

/** A run of blocks of a file. Without `physical` it reads as zeros. Blocks that no run names are holes. */
export interface Extent {
  logical: number
  physical: number | undefined
  count: number
}

const EXTENTS_FLAG = 0x8_0000
const EXTENT_MAGIC = 0xf30a
const MOST_DEPTH = 5
/** Blocks of bookkeeping for one file; a hostile tree can have any number that say nothing. */
const MOST_NODES = 200_000

interface Budget {
  nodes: number
}

function spend(budget: Budget): void {
  if (--budget.nodes < 0) throw new DamagedImageError('a file has more bookkeeping than content')
}

/** Where the content of a file is, in order. @throws DamagedImageError */
export async function* extentsOf(fs: Ext4, inode: Inode): AsyncGenerator<Extent> {
  let next = 0
  const budget = { nodes: MOST_NODES }
  const all =
    inode.flags & EXTENTS_FLAG ? fromTree(fs, inode.block, MOST_DEPTH, budget) : fromPointers(fs, inode, budget)
  for await (const extent of all) {
    // an order that goes back would let a few blocks pass for any number of bytes
    if (extent.logical < next) throw new DamagedImageError(`the blocks of inode ${inode.number} overlap`)
    if (extent.physical !== undefined && extent.physical + extent.count > fs.blocks)
      throw new DamagedImageError(`inode ${inode.number} has blocks after the end`)
    next = extent.logical + extent.count
    yield extent
  }
}

async function* fromTree(fs: Ext4, node: Buffer, depthLeft: number, budget: Budget): AsyncGenerator<Extent> {
  spend(budget)
  if (node.readUInt16LE(0) !== EXTENT_MAGIC) throw new DamagedImageError('a tree of extents is none')
  const entries = node.readUInt16LE(2)
  const depth = node.readUInt16LE(6)
  if (12 + entries * 12 > node.length || depth > depthLeft)
    throw new DamagedImageError('a tree of extents is too large')
  for (let at = 12; at < 12 + entries * 12; at += 12) {
    if (depth > 0) {
      const block = node.readUInt32LE(at + 4) + node.readUInt16LE(at + 8) * 2 ** 32
      const child = await fs.source.read(block * fs.blockSize, fs.blockSize)
      if (child.readUInt16LE(6) !== depth - 1)
        throw new DamagedImageError('a tree of extents has branches of other depths')
      yield* fromTree(fs, child, depth - 1, budget)
    } else {
      const length = node.readUInt16LE(at + 4)
      // a length above this one means: reserved, and never written
      const unwritten = length > 32_768
      yield {
        logical: node.readUInt32LE(at),
        physical: unwritten ? undefined : node.readUInt32LE(at + 8) + node.readUInt16LE(at + 6) * 2 ** 32,
        count: unwritten ? length - 32_768 : length,
      }
    }
  }
}

/** Twelve block numbers, then one, two and three levels of blocks full of them. */
async function* fromPointers(fs: Ext4, { block, size }: Inode, budget: Budget): AsyncGenerator<Extent> {
  let logical = 0
  const perBlock = fs.blockSize / 4
  const walk = async function* (number: number, level: number): AsyncGenerator<Extent> {
    if (logical * fs.blockSize >= size) return
    if (number === 0) {
      logical += perBlock ** level
      return
    }
    if (level === 0) {
      yield { logical: logical++, physical: number, count: 1 }
      return
    }
    spend(budget)
    const pointers = await fs.source.read(number * fs.blockSize, fs.blockSize)
    for (let at = 0; at < pointers.length; at += 4) yield* walk(pointers.readUInt32LE(at), level - 1)
  }
  for (let index = 0; index < 15; index++) yield* walk(block.readUInt32LE(index * 4), Math.max(0, index - 11))
}
