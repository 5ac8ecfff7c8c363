import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import type { BuiltDisk } from '../../../src/images/index.ts'
import { buildDisk, buildOverlay, diskOf, openAtRest } from '../../../src/images/index.ts'
import { convertDisk } from '../../../src/images/disk/disk-format.ts'
import { diskFormatOf } from '../../../src/images/rest/disk-file.ts'
import { collectFactsAtRest } from '../../../src/instance/facts/collect.ts'
import type { FileEntry } from '../../../src/instance/facts/facts.ts'
import { openBench, whyNoLxd } from '../lxd/open-lxd.ts'
import { asNobody, NOBODY } from '../nobody.ts'

const tools = ['/usr/bin/mmdebstrap', '/usr/sbin/mke2fs', '/usr/sbin/sfdisk', '/usr/bin/mcopy', '/usr/bin/qemu-img']
const able = process.getuid?.() === 0 && tools.every((tool) => existsSync(tool))
const noLxd = await whyNoLxd()
const ROOT_START = 128 * 1024 ** 2
/** Gives whoever is named in the first file subordinate ids, as `adduser` does, for the rest of the words alone. */
const SUBIDS = 'for file in /etc/subuid /etc/subgid; do mount --bind "$1" "$file" || exit; done; shift; exec "$@"'

describe.skipIf(!able)('disks (needs root and their tools: sudo ./harness setup --qemu)', () => {
  let disk: BuiltDisk
  let dir: string
  let raw: string
  let facts: string

  beforeAll(async () => {
    disk = await buildDisk('debian-13', { reuseIndices: true })
    dir = await mkdtemp(join(tmpdir(), 'harness-disk-'))
    raw = join(dir, 'disk.raw')
    await convertDisk({ path: disk.path, format: 'qcow2' }, { path: raw, format: 'raw' })
    await using rest = await openAtRest(disk.path)
    facts = comparable(await collectFactsAtRest(rest.root, { enter: rest.enter }))
  }, 900_000)
  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('its partitions and its root file system are sound, and firmware of both kinds finds a loader', async () => {
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` }
    expect(await runHost(['sfdisk', '--verify', raw], { env, deadlineMs: 30_000 })).toMatch(/No errors detected/)
    await runHost(['dd', `if=${raw}`, `of=${dir}/root.img`, 'bs=1M', 'skip=128', 'conv=sparse', 'status=none'], {
      deadlineMs: 60_000,
    })
    await runHost(['e2fsck', '-f', '-n', join(dir, 'root.img')], { env, deadlineMs: 60_000 })
    const esp = await runHost(['mdir', '-/', '-b', '-i', `${raw}@@4M`, '::/EFI/BOOT'], { deadlineMs: 30_000 })
    expect(esp).toContain('::/EFI/BOOT/BOOTX64.EFI')
    const idAt = async (offset: number) =>
      await runHost(['blkid', '-p', '-o', 'value', '-s', 'UUID', '-O', String(offset), raw], {
        env,
        deadlineMs: 30_000,
      })
    const fstab = await runHost(['debugfs', '-R', 'cat /etc/fstab', join(dir, 'root.img')], { env, deadlineMs: 30_000 })
    expect(fstab).toContain(`UUID=${(await idAt(ROOT_START)).trim()} / `)
    expect(fstab).toContain(`UUID=${(await idAt(4 * 1024 ** 2)).trim()} /boot/efi `)
    const sector = (await runHost(['head', '-c', '512', raw], { deadlineMs: 30_000 })).toString()
    expect(sector).toContain('GRUB')
  })

  test('at rest it has the facts that the kernel sees when it mounts the disk', async () => {
    const target = await mkdtemp(join(tmpdir(), 'harness-disk-mount-'))
    await runHost(
      ['mount', '-t', 'ext4', '-o', `loop,ro,noload,nosuid,nodev,noexec,offset=${ROOT_START}`, raw, target],
      {
        deadlineMs: 30_000,
      },
    )
    onTestFinished(async () => {
      await runHost(['umount', target], { deadlineMs: 30_000 })
      await rm(target, { recursive: true })
    })
    expect(facts).toBe(comparable(await collectFactsAtRest(target)))
  })

  test(
    'somebody who is not root and has subordinate ids finds the same facts in it',
    { timeout: 120_000 },
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'harness-disk-nobody-'))
      onTestFinished(() => rm(home, { recursive: true, force: true }))
      const [image, found, subids] = [join(home, 'disk.qcow2'), join(home, 'facts.json'), join(home, 'subids')]
      await copyFile(disk.path, image)
      await writeFile(subids, `${NOBODY}:200000:65536\n`)
      for (const path of [home, image]) await chmod(path, 0o777)
      const words = ['inspect', image, '--facts', found]
      const env = { HOME: home, HARNESS_STATE_DIR: join(home, 'state'), HARNESS_CACHE_DIR: join(home, 'cache') }
      const { exitCode, stderr } = await probeHost(
        asNobody(home, 'src/cli/main.ts', words, ['sh', '-c', SUBIDS, 'sh', subids]),
        { env: { ...process.env, ...env }, deadlineMs: 110_000 },
      )
      expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error')])
      expect(comparable(JSON.parse(await readFile(found, 'utf8')) as object)).toBe(facts)
    },
  )

  test.skipIf(noLxd)(
    `at rest it has the facts of the same root file system in LXD${noLxd ? ` (${noLxd})` : ''}`,
    async () => {
      const { session, owner } = await openBench()
      try {
        const image = await session.resolveImage(disk.image.dir, { owner })
        onTestFinished(async () => {
          const again = await openBench()
          await again.session.remove({ kind: 'image', id: image.id })
          await again.session.close()
        })
        // out of the cache of this host, so that the image really comes from the server
        vi.stubEnv('HARNESS_CACHE_DIR', join(dir, 'empty'))
        await using rest = (await session.openImageAtRest?.(image.id, {})) ?? raise()
        expect(facts).toBe(comparable(await collectFactsAtRest(rest.root, { enter: rest.enter })))
      } finally {
        vi.unstubAllEnvs()
        await session.close()
      }
    },
    120_000,
  )

  test('every other format holds the same disk, and is known by its content', async () => {
    const small = join(dir, 'small.raw')
    await writeFile(small, randomBytes(4 * 1024 ** 2))
    await truncate(small, 64 * 1024 ** 2)
    for (const [format, name] of [
      ['vmdk', 'vmdk'],
      ['vhd', 'vpc'],
      ['vhdx', 'vhdx'],
    ] as const) {
      const path = join(dir, 'no-ending')
      await convertDisk({ path: small, format: 'raw' }, { path, format })
      expect(await diskFormatOf(path)).toBe(name)
      const compared = await runHost(['qemu-img', 'compare', '-f', 'raw', '-F', name, small, path], {
        deadlineMs: 60_000,
      })
      expect(compared).toMatch(/Images are identical/)
    }
  })

  test('an overlay becomes a disk as well', { timeout: 180_000 }, async () => {
    const overlay = await buildOverlay(disk.image, {
      name: 'bad-motd-disk',
      description: 'a test',
      files: [{ path: '/etc/motd', content: 'bad\n' }],
    })
    onTestFinished(() => rm(join(overlay.dir, '..'), { recursive: true, force: true }))
    const bad = await diskOf(overlay)
    await using rest = await openAtRest(bad.path)
    expect(await readFile(join(rest.root, 'etc/motd'), 'utf8')).toBe('bad\n')
    expect(await readFile(join(rest.root, 'etc/fstab'), 'utf8')).toMatch(/^UUID=[0-9a-f-]{36} \/ ext4/)
  })
})

function raise(): never {
  throw new Error('LXD opens images at rest')
}

/**
 * Facts without what is no property of the image: the time of looking, the order a file system gives names in, the sizes of
 * directories, and what lies on the EFI partition, which only an image for containers has in its root.
 */
function comparable(found: object): string {
  const isEntry = (value: unknown): value is FileEntry =>
    typeof value === 'object' && value !== null && 'path' in value && 'bytes' in value
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.filter((item) => !isEntry(item) || !item.path.startsWith('/boot/efi/')).map(clean)
      return items.every(isEntry) ? items.sort((a, b) => a.path.localeCompare(b.path)) : items
    }
    if (typeof value !== 'object' || value === null) return value
    const kept = Object.entries(value).filter(
      ([key]) => key !== 'collectedAt' && key !== 'durationMs' && key !== 'sections',
    )
    const size = 'type' in value && value.type === 'd' ? { bytes: 0 } : {}
    return { ...Object.fromEntries(kept.map(([key, item]) => [key, clean(item)])), ...size }
  }
  return JSON.stringify(clean(found), undefined, 1)
}
