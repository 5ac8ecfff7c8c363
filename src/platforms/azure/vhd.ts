import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import { runHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { CallWaiting } from '../cloud-calls.ts'

const MIB = 1024 * 1024
const FOOTER = 512

/** A VHD of fixed size; disposing it removes it, unless it is the user's own file. */
export interface Vhd extends AsyncDisposable {
  path: string
  size: number
}

/**
 * The file itself when it is a VHD of fixed size whose disk has whole MiB, else one made of it.
 * https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic#resizing-vhds
 * @throws ConfigError, PrerequisiteError without qemu-img
 */
export async function asVhd(path: string, { deadlineMs, signal }: CallWaiting): Promise<Vhd> {
  const { size } = await stat(path)
  if (await hasFooter(path, size)) {
    if ((size - FOOTER) % MIB !== 0)
      throw new ConfigError(`the disk in ${path} has ${size - FOOTER} bytes; Azure takes disks of whole MiB`, {
        hint: 'give the disk as qcow2 or raw: it is made to fit',
      })
    return { path, size, [Symbol.asyncDispose]: async () => {} }
  }
  const dir = await makeTempDir('vhd')
  const remove = () => rm(dir, { recursive: true, force: true })
  const within = { deadlineMs, ...(signal ? { signal } : {}), installHint: 'apt-get install qemu-utils' }
  try {
    const raw = join(dir, 'disk.raw')
    await runHost(['qemu-img', 'convert', '-O', 'raw', path, raw], within)
    const { size: bytes } = await stat(raw)
    await runHost(['qemu-img', 'resize', '-f', 'raw', raw, String(Math.ceil(bytes / MIB) * MIB)], within)
    const vhd = join(dir, 'disk.vhd')
    await runHost(
      ['qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=fixed,force_size', raw, vhd],
      within,
    )
    await rm(raw)
    return { path: vhd, size: (await stat(vhd)).size, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function hasFooter(path: string, size: number): Promise<boolean> {
  if (size < FOOTER) return false
  await using file = await open(path, 'r')
  const bytes = Buffer.alloc(FOOTER)
  await file.read(bytes, 0, FOOTER, size - FOOTER)
  // Cookie, and the disk type 2: fixed.
  return bytes.toString('latin1', 0, 8) === 'conectix' && bytes.readUInt32BE(60) === 2
}
