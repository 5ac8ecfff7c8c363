import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, PrerequisiteError } from '../../core/errors.ts'
import { probeHost } from '../../core/subprocess.ts'
import { lastWords } from '../../core/text.ts'
import { BlockSource } from './block-source.ts'
import { unpackDisk } from './disk-file.ts'
import type { PackedFormat } from './disk-file.ts'
import { Ext4 } from './ext4.ts'
import { ext4ToTar } from './ext4-to-tar.ts'
import { readPartitions } from './partitions.ts'

const GUESTFISH_MS = 900_000
const MOST_FSTAB = 256 * 1024

/**
 * Writes the root file system of a disk image, with those it mounts, into `workDir` as a tar archive and returns its path. ext4 is read by this process;
 * any other file system by libguestfs, in a small machine of its own. Nothing is mounted, and root is not needed.
 * @throws DamagedImageError, ConfigError when no root file system is found, PrerequisiteError when a tool is missing
 */
export async function diskToTar(
  path: string,
  format: PackedFormat,
  workDir: string,
  signal?: AbortSignal,
): Promise<string> {
  const raw = await unpackDisk(path, format, join(workDir, 'disk.raw'), signal)
  const tar = join(workDir, 'root.tar')
  const handle = await open(raw, 'r')
  let foreign = false
  try {
    const disk = new BlockSource(handle, 0, (await stat(raw)).size)
    const found: Ext4[] = []
    for (const { source } of await readPartitions(disk)) {
      const fs = await Ext4.open(source)
      if (fs) found.push(fs)
      else foreign ||= await isForeign(source)
    }
    const root = await findRoot(found)
    if (root) {
      await ext4ToTar(root, tar, { mounts: await mountsOf(root, found), ...(signal ? { signal } : {}) })
      return tar
    }
  } finally {
    await handle.close()
    if (raw !== path) await rm(raw, { force: true })
  }
  if (!foreign) throw new ConfigError(`no root file system is in ${path}`)
  await byGuestfish(path, format, tar, signal)
  return tar
}

async function findRoot(found: readonly Ext4[]): Promise<Ext4 | undefined> {
  for (const fs of found) if (await isRoot(fs)) return fs
  return undefined
}

/** The other file systems of the disk that the root mounts by UUID or label, by where it mounts them. */
async function mountsOf(root: Ext4, found: readonly Ext4[]): Promise<Map<string, Ext4>> {
  const inode = await root.find('etc/fstab')
  const fstab = inode ? (await root.readAll(inode, MOST_FSTAB)).toString('latin1') : ''
  const mounts = new Map<string, Ext4>()
  for (const [, kind, id, target = ''] of fstab.matchAll(/^(UUID|LABEL)="?([^\s"]+)"?\s+\/(\S+)\s/gm)) {
    const fs = found.find((other) => other !== root && (kind === 'UUID' ? other.uuid : other.label) === id)
    if (fs) mounts.set(`./${target}`, fs)
  }
  return mounts
}

async function isRoot(fs: Ext4): Promise<boolean> {
  for (const path of ['etc/os-release', 'usr/lib/os-release', 'etc/passwd']) if (await fs.find(path)) return true
  return false
}

const SIGNS: readonly [offset: number, magic: string][] = [
  [0, 'XFSB'],
  [65_600, '_BHRfS_M'],
  [512, 'LABELONE'],
  [1024 + 0x38, '\x53\xef'],
  [65_536 + 1372, '\x19\x01\x54\x19'],
]

/** A file system, or a container of some, that is not read here: XFS, Btrfs, LVM, an unusual ext4, UFS. */
async function isForeign(source: BlockSource): Promise<boolean> {
  if (source.bytes < 70_000) return false
  const head = await source.read(0, 70_000)
  return SIGNS.some(([offset, magic]) => head.toString('latin1', offset, offset + magic.length) === magic)
}

async function byGuestfish(path: string, format: PackedFormat, tar: string, signal?: AbortSignal): Promise<void> {
  // It takes any KVM that opens, also one that crawls, and then never ends; emulated it costs half a minute.
  const { LIBGUESTFS_BACKEND_SETTINGS: settings = 'force_tcg' } = process.env
  const result = await probeHost(
    ['guestfish', '--ro', `--format=${format}`, '-a', path, '-i', 'tar-out', '/', tar, 'xattrs:true'],
    {
      deadlineMs: GUESTFISH_MS,
      env: { ...process.env, LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: settings },
      installHint: 'apt-get install guestfish; it reads file systems other than ext4',
      ...(signal ? { signal } : {}),
    },
  )
  if (result.exitCode === 0) return
  throw new PrerequisiteError(`libguestfs cannot read ${path}: ${lastWords(result.stderr)}`, {
    hint: 'libguestfs-test-tool tells whether it works on this host',
  })
}
