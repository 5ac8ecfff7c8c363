import { open } from 'node:fs/promises'

/** How files begin that `tar` unpacks before it reads them. */
const GZIP = '\x1f\x8b'
const BZIP2 = 'BZh'
const XZ = '\xfd7zXZ\0'
const ZSTD = '\x28\xb5\x2f\xfd'
const PACKED = [GZIP, BZIP2, XZ, ZSTD]

/** Whether a file begins like a tar file, or like a packed one: a packed log looks the same. */
export async function mayBeTar(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0)
    const head = buffer.toString('latin1', 0, bytesRead)
    return head.startsWith('ustar', 257) || PACKED.some((magic) => head.startsWith(magic))
  } finally {
    await handle.close()
  }
}
