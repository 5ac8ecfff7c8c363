import { open, stat } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'

/** Disk formats that are taken, as QEMU calls them. */
export type ImageFormat = 'qcow2' | 'raw' | 'vmdk' | 'vpc' | 'vhdx'

const SECTOR = 512

/** What a file begins with when it is something else, and what to do about it. */
const OTHERS: readonly (readonly [Uint8Array | string, what: string, hint: string])[] = [
  [Buffer.from([0x1f, 0x8b]), 'is compressed with gzip', 'unpack it: gunzip FILE'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'is compressed with xz', 'unpack it: unxz FILE'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'is compressed with zstd', 'unpack it: unzstd FILE'],
  ['BZh', 'is compressed with bzip2', 'unpack it: bunzip2 FILE'],
  [Buffer.from([0x50, 0x4b, 3, 4]), 'is a zip archive', 'unpack it first'],
  [Buffer.from([0x37, 0x7a, 0xbc, 0xaf]), 'is a 7z archive', 'unpack it first'],
  ['hsqs', 'is a squashfs file system, which has no boot loader', 'test it on the platform lxd'],
  ['<!DOCTYPE', 'is a web page: the download went wrong', 'download it again'],
  ['<html', 'is a web page: the download went wrong', 'download it again'],
  [
    '# Disk DescriptorFile',
    'describes a disk whose data are in other files',
    'make one file of it: qemu-img convert -O qcow2 FILE disk.qcow2',
  ],
]

/**
 * The format of a disk image, decided by its content and never by its name: a raw disk is not probed further, because its content
 * belongs to the image under test.
 * @throws ConfigError saying what the file is instead
 */
export async function imageFormat(path: string): Promise<ImageFormat> {
  const { size } = await statFile(path)
  const { head, tail } = await readEnds(path, size)
  const begins = (magic: Uint8Array | string) => head.subarray(0, magic.length).equals(Buffer.from(magic as string))
  if (begins(Buffer.from([0x51, 0x46, 0x49, 0xfb]))) return 'qcow2'
  if (begins('KDMV')) return 'vmdk'
  if (begins('vhdxfile')) return 'vhdx'
  if (begins('conectix') || tail.subarray(0, 8).toString('latin1') === 'conectix') return 'vpc'
  const other = OTHERS.find(([magic]) => begins(magic))
  if (other) throw new ConfigError(`${path} ${other[1]}`, { hint: other[2] })
  if (size < SECTOR) throw notAnImage(path, `it has ${size} bytes`)
  const boots = head[510] === 0x55 && head[511] === 0xaa
  if (!boots && head.subarray(0x8001, 0x8006).toString('latin1') === 'CD001')
    throw new ConfigError(`${path} is a CD-ROM`, { hint: 'give the image of an installed system' })
  if (!boots) throw notAnImage(path, 'it begins with no partition table')
  return 'raw'
}

function notAnImage(path: string, why: string): ConfigError {
  return new ConfigError(`${path} is not a disk image: ${why}`, {
    hint: 'qcow2, raw, vmdk, vhd and vhdx files that boot are taken',
  })
}

async function statFile(path: string): Promise<{ size: number }> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new ConfigError(`${path} is a folder, not a disk image`)
    if (!found.isFile()) throw new ConfigError(`${path} is not a file`)
    return found
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new ConfigError(code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${message}`, {
      cause: error,
    })
  }
}

/** The first 33 KiB and the last sector. */
async function readEnds(path: string, size: number): Promise<{ head: Buffer; tail: Buffer }> {
  try {
    await using file = await open(path, 'r')
    const head = Buffer.alloc(0x8400)
    const tail = Buffer.alloc(SECTOR)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    await file.read(tail, 0, SECTOR, Math.max(0, size - SECTOR))
    return { head: head.subarray(0, bytesRead), tail }
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
