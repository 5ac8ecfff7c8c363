import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { probeHost, runHost } from '../core/subprocess.ts'
import { makeTempDir } from '../core/temp-dir.ts'
import { openWorkDir } from './cache.ts'
import { mayBeTar } from './rest/archive-file.ts'
import { diskFormatOf } from './rest/disk-file.ts'
import type { PackedFormat } from './rest/disk-file.ts'
import { diskToTar } from './rest/disk-to-tar.ts'
import { asNamespaceRoot, removeTree } from './user-namespace.ts'

/** A root file system that never booted. Nothing in it may be executed. */
export interface RestingRoot extends AsyncDisposable {
  /** Path of its `/` on this host. */
  root: string
  /** Prefix for commands that read owners: empty for root, else the user namespace in which the owners are right. */
  enter: readonly string[]
}

const DEADLINE_MS = 300_000
const KEEP_CAPABILITIES = ['--xattrs', '--xattrs-include=security.capability']

/**
 * Opens an image for reading: a squashfs file is mounted read-only where that is allowed, else unpacked; a tar file and the root file
 * system of a disk (raw, qcow2, vmdk, vhd, vhdx) are unpacked; a directory is used as it is. Of a unified LXD image its `rootfs` is
 * given. Disposing takes away what opening made.
 * @throws ConfigError when it is none of these, DamagedImageError, PrerequisiteError when a tool is missing.
 */
export async function openAtRest(path: string, options: { signal?: AbortSignal } = {}): Promise<RestingRoot> {
  const file = resolve(path)
  const info = await stat(file).catch((cause: unknown) => {
    throw new ConfigError(`cannot read the image ${path}`, { cause })
  })
  if (info.isDirectory()) return { root: rootOf(file), enter: [], [Symbol.asyncDispose]: () => Promise.resolve() }
  const format = info.isFile() || info.isBlockDevice() ? await formatOf(file) : undefined
  if (format === undefined) throw noImage(path)
  // by its name a sweep knows whose it is
  const directory = await makeTempDir('rest')
  await chmod(directory, 0o755)
  const target = join(directory, 'root')
  await mkdir(target, { mode: 0o755 })
  const enter = asNamespaceRoot()
  try {
    const mounted = format === 'squashfs' && enter.length === 0 && (await mountReadOnly(file, target, options.signal))
    if (format !== 'squashfs' && format !== 'tar') await unpackDiskRoot(file, format, target, enter, options.signal)
    else if (!mounted) await unpack(file, target, enter, options.signal)
    return { root: rootOf(target), enter, [Symbol.asyncDispose]: () => takeAway(directory).catch(() => {}) }
  } catch (error) {
    await takeAway(directory).catch(() => {})
    if (format === 'tar' && /does not look like a tar archive/.test(String(error))) throw noImage(path, error)
    throw error
  }
}

async function formatOf(file: string): Promise<PackedFormat | 'squashfs' | 'tar' | undefined> {
  const disk = await diskFormatOf(file)
  if (disk !== undefined) return disk
  if (await isSquashfs(file)) return 'squashfs'
  return (await mayBeTar(file)) ? 'tar' : undefined
}

function noImage(path: string, cause?: unknown): ConfigError {
  return new ConfigError(`${path} is no image: not a disk, squashfs, tar or facts file`, {
    hint: 'the name of a facts file ends in .json',
    ...(cause === undefined ? {} : { cause }),
  })
}

function rootOf(directory: string): string {
  const unified = existsSync(join(directory, 'metadata.yaml')) && existsSync(join(directory, 'rootfs'))
  return unified ? join(directory, 'rootfs') : directory
}

async function isSquashfs(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1') === 'hsqs'
  } finally {
    await handle.close()
  }
}

/** False where the kernel or the container this runs in does not allow it. */
async function mountReadOnly(file: string, target: string, signal?: AbortSignal): Promise<boolean> {
  const result = await probeHost(['mount', '-t', 'squashfs', '-o', 'loop,ro,nosuid,nodev,noexec', file, target], {
    deadlineMs: 30_000,
    ...(signal ? { signal } : {}),
  })
  return result.exitCode === 0
}

async function unpack(file: string, target: string, enter: readonly string[], signal?: AbortSignal): Promise<void> {
  const [command, ...rest] = (await isSquashfs(file))
    ? [...enter, 'unsquashfs', '-quiet', '-no-progress', '-force', '-ignore-errors', '-dest', target, file]
    : [
        ...enter,
        'tar',
        '-C',
        target,
        '--numeric-owner',
        '--same-permissions',
        '--exclude=./dev/*',
        ...KEEP_CAPABILITIES,
        '-xf',
        file,
      ]
  await runHost([command ?? '', ...rest], {
    deadlineMs: DEADLINE_MS,
    installHint: 'apt-get install squashfs-tools',
    ...(signal ? { signal } : {}),
  })
}

/** A disk is unpacked beside the cache, where there is room; the temporary folder may be in memory. */
async function unpackDiskRoot(
  file: string,
  format: PackedFormat,
  target: string,
  enter: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await using work = await openWorkDir('rest')
  await chmod(work.path, 0o755)
  await unpack(await diskToTar(file, format, work.path, signal), target, enter, signal)
}

async function takeAway(directory: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  if (mounts.includes(` ${directory}/root `)) {
    const plain = await probeHost(['umount', `${directory}/root`], { deadlineMs: 30_000 })
    // a reader that still has a file open must not keep the mount in sight for ever
    if (plain.exitCode !== 0) await runHost(['umount', '--lazy', `${directory}/root`], { deadlineMs: 30_000 })
  }
  await removeTree(directory)
}
