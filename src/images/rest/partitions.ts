import type { BlockSource } from './block-source.ts'

/** One partition, or the whole disk when it has no table. */
export interface Partition {
  /** From 1; 0 is a disk without a table. */
  number: number
  source: BlockSource
}

const SECTOR = 512
const MOST_ENTRIES = 256

/** The partitions of a disk by its GPT, else by its MBR; a disk without either is one file system. Empty entries are left out. */
export async function readPartitions(disk: BlockSource): Promise<Partition[]> {
  if (disk.bytes < 4 * SECTOR) return [{ number: 0, source: disk }]
  const head = await disk.read(0, 2 * SECTOR)
  if (head.toString('latin1', SECTOR, SECTOR + 8) === 'EFI PART') return await readGpt(disk, head.subarray(SECTOR))
  const primary = head[510] === 0x55 && head[511] === 0xaa ? readMbr(disk, head) : []
  return primary.length > 0 ? primary : [{ number: 0, source: disk }]
}

async function readGpt(disk: BlockSource, header: Buffer): Promise<Partition[]> {
  const at = Number(header.readBigUInt64LE(72)) * SECTOR
  const count = Math.min(header.readUInt32LE(80), MOST_ENTRIES)
  const size = header.readUInt32LE(84)
  if (size < 128 || size > 4096) return []
  const table = await disk.read(at, count * size)
  return Array.from({ length: count }, (_, index) => table.subarray(index * size, (index + 1) * size)).flatMap(
    (entry, index) => {
      if (entry.subarray(0, 16).every((byte) => byte === 0)) return []
      const first = Number(entry.readBigUInt64LE(32))
      const last = Number(entry.readBigUInt64LE(40))
      return partition(disk, index + 1, first, last - first + 1)
    },
  )
}

function readMbr(disk: BlockSource, head: Buffer): Partition[] {
  return [1, 2, 3, 4].flatMap((number) => {
    const entry = head.subarray(446 + (number - 1) * 16, 446 + number * 16)
    // a boot sector without a table has anything there
    if (entry[4] === 0 || (entry[0] !== 0 && entry[0] !== 0x80)) return []
    return partition(disk, number, entry.readUInt32LE(8), entry.readUInt32LE(12))
  })
}

/** Entries that lead out of the disk are left out: what they mean cannot be read anyway. */
function partition(disk: BlockSource, number: number, first: number, sectors: number): Partition[] {
  const [start, bytes] = [first * SECTOR, sectors * SECTOR]
  if (!Number.isSafeInteger(start + bytes) || sectors <= 0 || start + bytes > disk.bytes) return []
  return [{ number, source: disk.part(start, bytes) }]
}
