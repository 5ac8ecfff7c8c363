import { gunzipSync, gzipSync } from 'node:zlib'
import { redact } from '../../core/redact.ts'

const BLOCK = 512
const MAX_UNPACKED = 256 * 1024 * 1024

/**
 * A gzipped tar with every registered secret and secret shape masked in its files. Works in memory and writes nothing,
 * so that names in the archive, which are the guest's, lead nowhere.
 * @throws Error when it is not such an archive
 */
export function maskArchive(packed: Uint8Array): Uint8Array {
  const tar = gunzipSync(packed, { maxOutputLength: MAX_UNPACKED })
  const parts: Uint8Array[] = []
  let at = 0
  while (at + BLOCK <= tar.length) {
    const header = Buffer.from(tar.subarray(at, at + BLOCK))
    if (header.every((byte) => byte === 0)) break
    const size = sizeOf(header)
    const end = at + BLOCK + size
    if (end > tar.length) throw new Error('the archive ends in the middle of a file')
    const body = tar.subarray(at + BLOCK, end)
    const masked = isRegular(header) ? mask(body) : body
    if (masked !== body) setSize(header, masked.length)
    parts.push(header, masked, Buffer.alloc(padding(masked.length)))
    at = end + padding(size)
  }
  parts.push(Buffer.alloc(2 * BLOCK))
  return gzipSync(Buffer.concat(parts))
}

// latin1 gives every byte back as it was.
function mask(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString('latin1')
  const masked = redact(text)
  return masked === text ? body : Buffer.from(masked, 'latin1')
}

function isRegular(header: Buffer): boolean {
  const type = String.fromCharCode(header[156] ?? 0)
  return type === '0' || type === '\0'
}

function sizeOf(header: Buffer): number {
  const size = Number.parseInt(header.toString('latin1', 124, 136).replaceAll('\0', ' ').trim() || '0', 8)
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('the archive has a file without a size')
  return size
}

function setSize(header: Buffer, size: number): void {
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write(' '.repeat(8), 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
