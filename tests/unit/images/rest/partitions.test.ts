import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BlockSource } from '../../../../src/images/rest/block-source.ts'
import { readPartitions } from '../../../../src/images/rest/partitions.ts'

async function partitionsOf(data: Buffer) {
  const dir = await mkdtemp(join(tmpdir(), 'images-parts-'))
  await writeFile(join(dir, 'disk'), data)
  const handle = await open(join(dir, 'disk'), 'r')
  try {
    const found = await readPartitions(new BlockSource(handle, 0, data.length))
    return found.map(({ number, source }) => [number, source.bytes])
  } finally {
    await handle.close()
    await rm(dir, { recursive: true })
  }
}

function gpt(entries: readonly [first: number, last: number][], size = 1024 * 512): Buffer {
  const data = Buffer.alloc(size)
  data.write('EFI PART', 512)
  data.writeBigUInt64LE(2n, 512 + 72)
  data.writeUInt32LE(entries.length, 512 + 80)
  data.writeUInt32LE(128, 512 + 84)
  entries.forEach(([first, last], index) => {
    const at = 1024 + index * 128
    if (last > 0) data.fill(7, at, at + 16)
    data.writeBigUInt64LE(BigInt(first), at + 32)
    data.writeBigUInt64LE(BigInt(last), at + 40)
  })
  return data
}

test('a GPT gives its partitions, without empty entries and those that lead out of the disk', async () => {
  expect(
    await partitionsOf(
      gpt([
        [100, 199],
        [0, 0],
        [200, 99_999],
        [300, 200],
        [1000, 1023],
      ]),
    ),
  ).toEqual([
    [1, 51_200],
    [5, 12_288],
  ])
})

test('an MBR gives its primary partitions; a disk without a table is one file system', async () => {
  const data = Buffer.alloc(1024 * 512)
  data.writeUInt16BE(0x55aa, 510)
  data[446 + 4] = 0x83
  data.writeUInt32LE(8, 446 + 8)
  data.writeUInt32LE(16, 446 + 12)
  expect(await partitionsOf(data)).toEqual([[1, 8192]])
  expect(await partitionsOf(Buffer.alloc(1024 * 512))).toEqual([[0, 524_288]])
  expect(await partitionsOf(Buffer.alloc(100))).toEqual([[0, 100]])
})

test('a table that cannot be is none', async () => {
  const huge = gpt([[100, 199]])
  huge.writeUInt32LE(1, 512 + 84)
  expect(await partitionsOf(huge)).toEqual([])
  const far = gpt([[100, 199]])
  far.writeBigUInt64LE(2n ** 60n, 512 + 72)
  await expect(partitionsOf(far)).rejects.toMatchObject({ name: 'DamagedImageError' })
})
