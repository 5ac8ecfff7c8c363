import { open } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { runHost } from '../../core/subprocess.ts'
import { QEMU_IMG_HINT } from '../disk/disk-format.ts'

/** How a disk is packed in a file, as qemu-img calls it. */
export type PackedFormat = 'raw' | 'qcow2' | 'vmdk' | 'vpc' | 'vhdx'

const DEADLINE_MS = 900_000

/**
 * The format of a disk image by what is in it; undefined when it is none. A format that was believed by its name could be any file.
 * @throws ConfigError for an image that leads to other files: those would be opened with the rights of the reader
 */
export async function diskFormatOf(path: string): Promise<PackedFormat | undefined> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const head = Buffer.alloc(69_632)
    await handle.read(head, 0, head.length, 0)
    const footer = Buffer.alloc(512)
    if (size >= 512) await handle.read(footer, 0, 512, size - 512)
    const text = (at: number, length: number) => head.toString('latin1', at, at + length)
    if (text(0, 4) === 'QFI\xfb') return assertAlone(path, qcow2Leads(head), 'qcow2')
    if (text(0, 4) === 'KDMV') return assertAlone(path, head.readBigUInt64LE(12) === 0n, 'vmdk')
    if (text(0, 21) === '# Disk DescriptorFile') return assertAlone(path, true, 'vmdk')
    if (text(0, 8) === 'vhdxfile') return 'vhdx'
    if (text(0, 8) === 'conectix' || footer.toString('latin1', 0, 8) === 'conectix')
      // type 4 only holds what differs from a parent
      return assertAlone(path, (text(0, 8) === 'conectix' ? head : footer).readUInt32BE(60) === 4, 'vpc')
    const table = text(512, 8) === 'EFI PART' || (head[510] === 0x55 && head[511] === 0xaa)
    const bare = head.readUInt16LE(1024 + 0x38) === 0xef53 || text(0, 4) === 'XFSB' || text(65_600, 8) === '_BHRfS_M'
    return table || bare ? 'raw' : undefined
  } finally {
    await handle.close()
  }
}

/** A backing file, or data in another file. */
function qcow2Leads(head: Buffer): boolean {
  const version = head.readUInt32BE(4)
  const external = version >= 3 && (head.readUInt32BE(76) & 4) !== 0
  return head.readBigUInt64BE(8) !== 0n || external
}

function assertAlone<T extends PackedFormat>(path: string, leads: boolean, format: T): T {
  if (!leads) return format
  throw new ConfigError(`${path} is not complete: it leads to another file`, {
    hint: `make one file of it first, where you trust it: qemu-img convert -O qcow2 ${path} whole.qcow2`,
  })
}

/** The disk inside of a file as sparse raw bytes. Returns a path: the file itself when it is raw, else `target`. */
export async function unpackDisk(
  path: string,
  format: PackedFormat,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  if (format === 'raw') return path
  await runHost(['qemu-img', 'convert', '-f', format, '-O', 'raw', path, target], {
    deadlineMs: DEADLINE_MS,
    installHint: QEMU_IMG_HINT,
    ...(signal ? { signal } : {}),
  })
  return target
}
