import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { makeTempDir } from '../../../src/core/temp-dir.ts'
import { openAtRest, removeTree } from '../../../src/images/index.ts'
import { unpackedPackage } from '../../debian-package.ts'

const MINUTES = 60_000
const META_PACKAGE = process.arch === 'arm64' ? 'linux-image-cloud-arm64' : 'linux-image-cloud-amd64'
const tools = [
  ['/usr/bin/guestfish', 'guestfish'],
  ['/usr/sbin/mkfs.btrfs', 'btrfs-progs'],
  ['/usr/sbin/mkfs.xfs', 'xfsprogs'],
] as const
const lacking: string[] = tools.filter(([path]) => !existsSync(path)).map(([, name]) => name)
if (!(await hasKernel())) lacking.push(META_PACKAGE)
const why = lacking.length > 0 ? `apt-get install ${lacking.join(' ')}` : ''
const title = `a root file system that is not ext4 is read by a machine of libguestfs${why ? ` (skipped: ${why})` : ''}`

test.skipIf(why).each(['btrfs', 'xfs'] as const)(`${title}: %s`, { timeout: 10 * MINUTES }, async (kind) => {
  const dir = await makeTempDir('foreign')
  onTestFinished(() => removeTree(dir))
  const tree = join(dir, 'tree')
  for (const path of ['etc', 'usr/bin', 'var/lib/dpkg', 'root']) await mkdir(join(tree, path), { recursive: true })
  await writeFile(join(tree, 'etc/os-release'), 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n')
  await writeFile(join(tree, 'etc/debian_version'), '13.1\n')
  await writeFile(join(tree, 'etc/fstab'), '')
  await writeFile(join(tree, 'usr/bin/tool'), Buffer.alloc(3_000_000, 'x'), { mode: 0o755 })
  await symlink('usr/bin', join(tree, 'bin'))
  const partition = join(dir, 'partition')
  const deadlineMs = 5 * MINUTES
  await runHost(['truncate', '--size=400M', partition], { deadlineMs })
  if (kind === 'btrfs') await runHost(['mkfs.btrfs', '-q', '--rootdir', tree, partition], { deadlineMs })
  else await runHost(['mkfs.xfs', '-q', '-p', await prototype(dir, tree), partition], { deadlineMs })
  const disk = join(dir, 'disk.raw')
  await runHost(['truncate', '--size=420M', disk], { deadlineMs })
  await runHost(['sfdisk', '--quiet', disk], { deadlineMs, stdin: 'label: gpt\nstart=2048, size=819200\n' })
  await runHost(['dd', `if=${partition}`, `of=${disk}`, 'bs=1M', 'seek=1', 'conv=notrunc,sparse', 'status=none'], {
    deadlineMs,
  })
  await using rest = await openAtRest(disk)
  expect(await readFile(join(rest.root, 'etc/debian_version'), 'utf8')).toBe('13.1\n')
  const { mode, size, uid } = await stat(join(rest.root, 'usr/bin/tool'))
  expect([mode & 0o7777, size, uid]).toEqual([0o755, 3_000_000, 0])
  const { stdout } = await probeHost(['readlink', join(rest.root, 'bin')], { deadlineMs })
  expect(stdout.trim()).toBe('usr/bin')
})

/** libguestfs starts the kernel of its host. A container has none: one that is not installed will do. */
async function hasKernel(): Promise<boolean> {
  const inBoot = (root: string) => readdirSync(root).find((name) => name.startsWith('vmlinuz-'))
  if (existsSync('/boot') && inBoot('/boot')) return true
  const { stdout } = await probeHost(['apt-cache', 'depends', '--important', META_PACKAGE], { deadlineMs: MINUTES })
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1]
  const root = name && (await unpackedPackage(name))
  if (!root) return false
  const kernel = inBoot(join(root, 'boot')) ?? ''
  const version = kernel.replace('vmlinuz-', '')
  // Without it no module is found; installing the package would make it.
  await runHost(['depmod', '--basedir', root, version], { deadlineMs: MINUTES })
  process.env['SUPERMIN_KERNEL'] = join(root, 'boot', kernel)
  process.env['SUPERMIN_KERNEL_VERSION'] = version
  process.env['SUPERMIN_MODULES'] = join(root, 'lib/modules', version)
  // Where no kernel was ever installed there is no such folder, and supermin 5.2 wants to see it.
  if (process.getuid?.() === 0) await mkdir('/lib/modules', { recursive: true })
  return true
}

/** What a new XFS is filled with. */
async function prototype(dir: string, tree: string): Promise<string> {
  const lines = [
    '/none',
    '0 0',
    'd--755 0 0',
    'etc d--755 0 0',
    ...['os-release', 'debian_version', 'fstab'].map((name) => `${name} ---644 0 0 ${join(tree, 'etc', name)}`),
    '$',
    'usr d--755 0 0',
    'bin d--755 0 0',
    `tool ---755 0 0 ${join(tree, 'usr/bin/tool')}`,
    '$',
    '$',
    'var d--755 0 0',
    'lib d--755 0 0',
    'dpkg d--755 0 0',
    '$',
    '$',
    '$',
    'bin l--777 0 0 usr/bin',
    '$',
    '',
  ]
  const file = join(dir, 'prototype')
  await writeFile(file, lines.join('\n'))
  return file
}
