import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imageFormat } from '../../../../src/platforms/qemu/image-format.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-format-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const padded = (begin: string | number[], bytes = 4096) => {
  const file = Buffer.alloc(bytes)
  Buffer.from(begin as string, 'latin1').copy(file)
  return file
}

const bootable = () => {
  const file = Buffer.alloc(4096)
  file.set([0x55, 0xaa], 510)
  return file
}

const fixedVhd = () => {
  const file = bootable()
  file.write('conectix', file.length - 512, 'latin1')
  return file
}

test.each([
  ['qcow2', padded([0x51, 0x46, 0x49, 0xfb])],
  ['vmdk', padded('KDMV')],
  ['vhdx', padded('vhdxfile')],
  ['vpc', padded('conectix')],
  ['vpc', fixedVhd()],
  ['raw', bootable()],
])('%s is known by its content', async (format, content) => {
  const path = join(folder, 'misleading.txt')
  await writeFile(path, content)
  expect(await imageFormat(path)).toBe(format)
})

test.each([
  ['text', 'hello', 'is not a disk image: it has 5 bytes'],
  ['zeros', Buffer.alloc(4096), 'is not a disk image: it begins with no partition table'],
  ['empty', '', 'is not a disk image: it has 0 bytes'],
  ['gz', padded([0x1f, 0x8b]), 'is compressed with gzip'],
  ['xz', padded([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'is compressed with xz'],
  ['squashfs', padded('hsqs'), 'is a squashfs file system, which has no boot loader'],
  ['html', padded('<!DOCTYPE html>'), 'is a web page: the download went wrong'],
  ['parts', padded('# Disk DescriptorFile\n'), 'describes a disk whose data are in other files'],
])('%s is refused with the reason', async (name, content, message) => {
  const path = join(folder, name)
  await writeFile(path, content)
  await expect(imageFormat(path)).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(message),
    hint: expect.any(String),
  })
})

test('a missing file and a folder are refused', async () => {
  await expect(imageFormat(join(folder, 'none'))).rejects.toThrow('there is no file')
  await expect(imageFormat(folder)).rejects.toThrow('is a folder, not a disk image')
})
