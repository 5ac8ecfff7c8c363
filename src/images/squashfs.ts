import { join } from 'node:path'
import { probeHost, runHost } from '../core/subprocess.ts'
import { asNamespaceRoot } from './user-namespace.ts'

const HINT = 'apt-get install squashfs-tools'
const DEADLINE_MS = 600_000

interface Packing {
  /** Seconds since 1970 for the header of the file system. */
  epoch: number
  /** A directory this may fill and leaves empty. On a file system that knows owners and extended attributes. */
  workDir: string
  signal?: AbortSignal
}

/** Turns a tar file into a squashfs image whose bytes depend on the tar and on the epoch only. */
export async function tarToSquashfs(tar: string, target: string, packing: Packing): Promise<void> {
  await inTree(
    packing,
    [
      'tar -C "$tree" --xattrs --xattrs-include="security.capability" --numeric-owner --same-permissions -xf "$2"',
      EMPTY_MOUNT_POINTS,
      'touch -d "@$epoch" "$tree"',
      MKSQUASHFS,
    ],
    [target, tar],
  )
}

/** Lays a tar file over a squashfs image, runs `scripts` (POSIX sh, with `$tree`) on the result and packs it again. */
export async function overlaySquashfs(
  base: string,
  tar: string,
  scripts: readonly string[],
  target: string,
  packing: Packing,
): Promise<void> {
  const steps = [
    'unsquashfs -quiet -no-progress -force -dest "$tree" "$3"',
    'tar -C "$tree" --numeric-owner --same-permissions -xf "$2"',
    ...scripts,
  ]
  await inTree(packing, [...steps, MKSQUASHFS], [target, tar, base])
}

/** Text of one file of a squashfs image; undefined when it is not there. Nothing is mounted. */
export async function readFromSquashfs(image: string, path: string, signal?: AbortSignal): Promise<string | undefined> {
  const result = await probeHost(['unsquashfs', '-cat', image, path.replace(/^\/+/, '')], {
    deadlineMs: 60_000,
    maxBytes: 64 * 1024 * 1024,
    installHint: HINT,
    ...(signal ? { signal } : {}),
  })
  return result.exitCode === 0 ? result.stdout : undefined
}

/** Number of inodes of a squashfs image. */
export async function countInodes(image: string, signal?: AbortSignal): Promise<number> {
  const superblock = await runHost(['unsquashfs', '-s', image], {
    deadlineMs: 60_000,
    installHint: HINT,
    ...(signal ? { signal } : {}),
  })
  return Number(/^Number of inodes (\d+)/m.exec(superblock)?.[1] ?? 0)
}

/** Mount points are there and empty; what the builder had in them does not count. */
const EMPTY_MOUNT_POINTS = ['dev', 'proc', 'run', 'sys']
  .map((name) => `rm -rf "$tree/${name}"; mkdir -m 0755 "$tree/${name}"; touch -d "@$epoch" "$tree/${name}"`)
  .join('\n')

// level 3: seconds instead of minutes for an image that is 14 % larger
const MKSQUASHFS =
  'mksquashfs "$tree" "$1" -comp zstd -Xcompression-level 3 -mkfs-time "$epoch" -noappend -no-exports -quiet -no-progress >&2'

async function inTree(
  { epoch, workDir, signal }: Packing,
  steps: readonly string[],
  args: readonly [string, string, string?],
): Promise<void> {
  const script = ['set -eu', 'rm -rf "$tree"', 'mkdir -m 0755 "$tree"', ...steps, 'rm -rf "$tree"'].join('\n')
  const command = [...asNamespaceRoot(), 'sh', '-c', script, 'pack', ...args.filter((arg) => arg !== undefined)]
  await runHost(command as [string, ...string[]], {
    env: { ...process.env, tree: join(workDir, 'tree'), epoch: String(epoch), LC_ALL: 'C.UTF-8' },
    deadlineMs: DEADLINE_MS,
    installHint: HINT,
    ...(signal ? { signal } : {}),
  })
}
