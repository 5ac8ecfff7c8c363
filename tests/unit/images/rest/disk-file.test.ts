import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diskFormatOf } from '../../../../src/images/rest/disk-file.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'images-disk-'))
})
afterEach(() => rm(dir, { recursive: true }))

async function formatOf(change: (data: Buffer) => void, size = 100_000) {
  const data = Buffer.alloc(size)
  change(data)
  await writeFile(join(dir, 'image'), data)
  return await diskFormatOf(join(dir, 'image'))
}
const qcow2 = (data: Buffer) => {
  data.write('QFI\xfb', 'latin1')
  data.writeUInt32BE(3, 4)
}

test('formats are told by what is in the file', async () => {
  expect(await formatOf(qcow2)).toBe('qcow2')
  expect(await formatOf((data) => void data.write('vhdxfile'))).toBe('vhdx')
  expect(await formatOf((data) => void data.write('conectix', data.length - 512))).toBe('vpc')
  expect(await formatOf((data) => void data.write('EFI PART', 512))).toBe('raw')
  expect(await formatOf((data) => void data.writeUInt16LE(0xef53, 1024 + 0x38))).toBe('raw')
  expect(
    await formatOf((data) => {
      data.write('KDMV')
      data.writeBigUInt64LE(4096n, 12)
    }),
  ).toBe('vmdk')
  expect(await formatOf((data) => void data.write('hsqs'))).toBeUndefined()
  expect(await formatOf(() => {}, 10)).toBeUndefined()
})

test('an image that leads to other files is refused, for it could lead to any', async () => {
  const refused = { name: 'ConfigError', message: expect.stringMatching(/leads to another file/) }
  const backed = (data: Buffer) => {
    qcow2(data)
    data.writeBigUInt64BE(512n, 8)
  }
  const external = (data: Buffer) => {
    qcow2(data)
    data.writeUInt32BE(4, 76)
  }
  const differencing = (data: Buffer) => {
    data.write('conectix')
    data.writeUInt32BE(4, 60)
  }
  const descriptor = (data: Buffer) => void data.write('# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n')
  for (const change of [backed, external, differencing, descriptor, (data: Buffer) => void data.write('KDMV')])
    await expect(formatOf(change)).rejects.toMatchObject(refused)
})
