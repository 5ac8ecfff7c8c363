import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openImageFile } from '../../../../src/platforms/qemu/image-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-references-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function qcow2(change: (header: Buffer) => void): Buffer {
  const header = Buffer.alloc(4096)
  header.write('QFI\u00fb', 0, 'latin1')
  header.writeUInt32BE(3, 4)
  change(header)
  return header
}

const withBackingFile = qcow2((header) => {
  header.writeBigUInt64BE(1024n, 8)
  header.writeUInt32BE(11, 16)
  header.write('/etc/shadow', 1024, 'latin1')
})

const withExternalData = qcow2((header) => header.writeBigUInt64BE(4n, 72))

const vmdkWithExtents = () => {
  const header = Buffer.alloc(4096)
  header.write('KDMV', 0, 'latin1')
  return header
}

test.each([
  ['backing.qcow2', withBackingFile, 'refers to "/etc/shadow"'],
  ['data.qcow2', withExternalData, 'refers to "a file with its data"'],
  ['extents.vmdk', vmdkWithExtents(), 'refers to "other files"'],
])('%s is refused before any tool opens it', async (name, content, message) => {
  const path = join(folder, name)
  await writeFile(path, content)
  await expect(openImageFile(path)).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('qemu-img convert'),
  })
})
