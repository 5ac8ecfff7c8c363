import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openAtRest } from '../../../../src/images/index.ts'
import { collectFactsAtRest } from '../../../../src/instance/facts/collect.ts'

const MKE2FS = '/usr/sbin/mke2fs'
const able = existsSync(MKE2FS) && process.getuid?.() === 0

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'images-open-'))
  vi.stubEnv('HARNESS_CACHE_DIR', join(dir, 'cache'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

async function fileSystem(
  name: string,
  files: Record<string, string>,
  options: readonly string[] = [],
): Promise<string> {
  const tree = join(dir, `${name}.tree`)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(tree, path, '..'), { recursive: true })
    await writeFile(join(tree, path), content)
  }
  const image = join(dir, name)
  await writeFile(image, '')
  await truncate(image, 2 * 1024 * 1024)
  execFileSync(MKE2FS, ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', ...options, '-d', tree, image])
  return image
}

describe.skipIf(!able)('a disk at rest (needs root and mke2fs: apt-get install e2fsprogs)', () => {
  test('of several file systems the one with an operating system is the root, and has what it mounts', async () => {
    const boot = await readFile(await fileSystem('boot', { vmlinuz: 'kernel' }, ['-L', 'BOOT']))
    const root = await readFile(
      await fileSystem('root', {
        'etc/os-release': 'ID=test\nNAME="Test"\n',
        'etc/hostname': 'x',
        'etc/fstab': 'LABEL=other /home ext4 defaults 0 0\nLABEL=BOOT\t/boot\text4\tdefaults\t0 2\n',
        'boot/hidden': '',
      }),
    )
    const disk = Buffer.alloc(1024 * 1024 + boot.length + root.length)
    disk.writeUInt16BE(0x55aa, 510)
    const entry = (index: number, start: number, bytes: number) => {
      disk[446 + index * 16 + 4] = 0x83
      disk.writeUInt32LE(start / 512, 446 + index * 16 + 8)
      disk.writeUInt32LE(bytes / 512, 446 + index * 16 + 12)
    }
    entry(0, 1024 * 1024, boot.length)
    entry(1, 1024 * 1024 + boot.length, root.length)
    boot.copy(disk, 1024 * 1024)
    root.copy(disk, 1024 * 1024 + boot.length)
    await writeFile(join(dir, 'disk.raw'), disk)
    let opened: string
    {
      await using rest = await openAtRest(join(dir, 'disk.raw'))
      opened = rest.root
      expect(await readFile(join(rest.root, 'etc/hostname'), 'utf8')).toBe('x')
      expect(await readdir(join(rest.root, 'boot'))).toEqual(['lost+found', 'vmlinuz'])
      const facts = await collectFactsAtRest(rest.root, { enter: rest.enter })
      expect(facts.os.id).toBe('test')
    }
    expect(existsSync(opened)).toBe(false)
    expect(await readdir(join(dir, 'cache', 'images', '.tmp'))).toEqual([])
  })

  test('a disk without an operating system is said to be one', async () => {
    await expect(openAtRest(await fileSystem('data', { note: 'x' }))).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/no root file system is in/),
    })
  })

  test('a file system that is cut off is damaged, and leaves nothing behind', async () => {
    const image = await fileSystem('cut', { 'etc/os-release': 'ID=test\n' })
    await truncate(image, 1024 * 1024)
    await expect(openAtRest(image)).rejects.toMatchObject({ name: 'DamagedImageError' })
    expect(await readdir(join(dir, 'cache', 'images', '.tmp'))).toEqual([])
  })
})
