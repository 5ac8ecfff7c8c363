import { rename } from 'node:fs/promises'
import { runHost } from '../../core/subprocess.ts'

/** How a disk can be written to a file. */
export const DISK_FORMATS = ['qcow2', 'raw', 'vmdk', 'vhd', 'vhdx'] as const
export type DiskFormat = (typeof DISK_FORMATS)[number]

export const QEMU_IMG_HINT = 'apt-get install qemu-utils'
const DEADLINE_MS = 900_000

/** What `qemu-img` calls a format, with the variant that clouds and hypervisors import. */
const OUTPUT: Readonly<Record<DiskFormat, readonly string[]>> = {
  // zstd packs better than zlib and unpacks in a fraction of the time
  qcow2: ['-O', 'qcow2', '-c', '-o', 'compat=1.1,compression_type=zstd'],
  raw: ['-O', 'raw'],
  vmdk: ['-O', 'vmdk', '-o', 'subformat=streamOptimized'],
  // Azure takes fixed disks only, of exactly the size the footer says
  vhd: ['-O', 'vpc', '-o', 'subformat=fixed,force_size=on'],
  vhdx: ['-O', 'vhdx', '-o', 'subformat=dynamic'],
}

/** Writes a disk in another format; `target` appears when it is complete. */
export async function convertDisk(
  source: { path: string; format: 'raw' | 'qcow2' },
  target: { path: string; format: DiskFormat },
  signal?: AbortSignal,
): Promise<void> {
  const partial = `${target.path}.${process.pid}.partial`
  await runHost(['qemu-img', 'convert', '-f', source.format, ...OUTPUT[target.format], '-W', source.path, partial], {
    deadlineMs: DEADLINE_MS,
    installHint: QEMU_IMG_HINT,
    ...(signal ? { signal } : {}),
  })
  await rename(partial, target.path)
}
