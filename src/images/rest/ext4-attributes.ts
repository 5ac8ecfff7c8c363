import type { Ext4, Inode } from './ext4.ts'

const MAGIC = 0xea02_0000
const PREFIXES: Readonly<Record<number, string>> = { 1: 'user.', 4: 'trusted.', 6: 'security.', 7: 'system.' }
const MOST_VALUE = 65_536

/** Extended attributes of an inode by full name. What is damaged is left out. Access lists are stored in a form of their own and left out too. */
export async function attributesOf(fs: Ext4, inode: Inode): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const { raw } = inode
  const extra = raw.length > 128 ? raw.readUInt16LE(0x80) : 0
  const start = 128 + extra
  if (start + 4 <= raw.length && raw.readUInt32LE(start) === MAGIC) collect(raw.subarray(start + 4), 0, found)
  const block = raw.readUInt32LE(0x68) + raw.readUInt16LE(0x76) * 2 ** 32
  if (block !== 0 && block < fs.blocks) {
    const data = await fs.source.cached(block * fs.blockSize, fs.blockSize)
    if (data.readUInt32LE(0) === MAGIC) collect(data, 32, found)
  }
  return found
}

/** Reads entries from `at` on; values are counted from the beginning of `data`. */
function collect(data: Buffer, at: number, found: Map<string, Buffer>): void {
  while (at + 16 <= data.length && data.readUInt32LE(at) !== 0) {
    const nameLength = data[at] ?? 0
    const prefix = PREFIXES[data[at + 1] ?? 0]
    const [offset, elsewhere, size] = [data.readUInt16LE(at + 2), data.readUInt32LE(at + 4), data.readUInt32LE(at + 8)]
    const name = data.toString('latin1', at + 16, at + 16 + nameLength)
    if (prefix !== undefined && elsewhere === 0 && size <= MOST_VALUE && offset + size <= data.length)
      found.set(prefix + name, Buffer.from(data.subarray(offset, offset + size)))
    at += (16 + nameLength + 3) & ~3
  }
}
