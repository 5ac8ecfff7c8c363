import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ConfigError } from '../../core/errors.ts'
import { cacheDir } from '../../core/paths.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import { imageFormat } from './image-format.ts'
import type { ImageFormat } from './image-format.ts'
import type { Architecture } from './options.ts'
import { qemuImg } from './qemu-img.ts'

/** A disk image on this host that machines can be made from. It is only ever read. */
export interface ImageFile {
  path: string
  format: ImageFormat
  /** Size of the disk in bytes. */
  size: number
}

interface Info {
  'virtual-size': number
  'backing-filename'?: string
}

const CHECK_MS = 120_000
/** Exit codes of `qemu-img check`: leaked clusters (3) waste space only; formats without checks give 63. */
const HARMLESS = new Set([0, 3, 63])

/**
 * Looks at an image file. One that refers to other files of this host is refused: the guest could read them.
 * @throws ConfigError saying what is wrong with it, PrerequisiteError without qemu-img
 */
export async function openImageFile(reference: string, signal?: AbortSignal): Promise<ImageFile> {
  const format = await imageFormat(reference)
  await refuseReferences(reference, format)
  const path = await realpath(reference)
  const checked = await qemuImg(['check', '-q', '-f', format, path], { deadlineMs: CHECK_MS, signal })
  if (!HARMLESS.has(checked.exitCode))
    throw new ConfigError(`${reference} is damaged: ${said(checked.stderr || checked.stdout)}`, {
      hint: 'make it or download it again',
    })
  const shown = await qemuImg(['info', '-f', format, '--output=json', path], { deadlineMs: CHECK_MS, signal })
  if (shown.exitCode !== 0) throw new ConfigError(`${reference} cannot be read as ${format}: ${said(shown.stderr)}`)
  const info = JSON.parse(shown.stdout) as Info
  if (info['backing-filename'] !== undefined) throw refersTo(reference, info['backing-filename'])
  return { path, format, size: info['virtual-size'] }
}

/** Reads the header itself: a tool that opens the file would follow what it refers to. */
async function refuseReferences(path: string, format: ImageFormat): Promise<void> {
  await using file = await open(path, 'r')
  const header = Buffer.alloc(104)
  await file.read(header, 0, header.length, 0)
  if (format === 'vmdk' && header.readBigUInt64LE(12) === 0n) throw refersTo(path, 'other files')
  if (format !== 'qcow2') return
  const offset = Number(header.readBigUInt64BE(8))
  const length = Math.min(header.readUInt32BE(16), 1023)
  if (offset !== 0) {
    const name = Buffer.alloc(length)
    await file.read(name, 0, length, offset)
    throw refersTo(path, name.toString('utf8'))
  }
  const externalData = header.readUInt32BE(4) >= 3 && (header.readBigUInt64BE(72) & 4n) !== 0n
  if (externalData) throw refersTo(path, 'a file with its data')
}

function refersTo(path: string, other: string): ConfigError {
  return new ConfigError(`${path} refers to ${JSON.stringify(other)}, which its guest could then read`, {
    hint: `make one file of it: qemu-img convert -O qcow2 ${path} whole.qcow2`,
  })
}

function said(text: string): string {
  return text.trim().split('\n').slice(-2).join('; ').slice(0, 300)
}

/** `sha256:...` of an image file. Remembered for as long as the file is the same. */
export async function digestOf({ path }: ImageFile, signal?: AbortSignal): Promise<string> {
  const { size, mtimeNs, ino, dev } = await stat(path, { bigint: true })
  const key = createHash('sha256').update([path, size, mtimeNs, ino, dev].join('\n')).digest('hex')
  const kept = join(cacheDir(), 'qemu', `digest-${key.slice(0, 32)}`)
  const known = await readFile(kept, 'utf8').catch(() => undefined)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, signal ? { signal } : {})
  const digest = `sha256:${hash.digest('hex')}`
  await mkdir(join(cacheDir(), 'qemu'), { recursive: true })
  const fresh = `${kept}.${process.pid}`
  await writeFile(fresh, digest)
  await rename(fresh, kept)
  return digest
}

/** Types of root partitions, from the Discoverable Partitions Specification. */
const ROOTS: Readonly<Record<string, Architecture>> = {
  '4f68bce3-e8cd-4db1-96e7-fbcaf984b709': 'x86_64',
  'b921b045-1df0-41c3-af44-4c6f280d3fae': 'aarch64',
}

/** What an image says it is for: by the type of its root partition, else by its file name. */
export async function architectureOf(image: ImageFile, signal?: AbortSignal): Promise<Architecture | undefined> {
  const table = await readStart(image, signal)
  for (let at = 1024; at + 16 <= table.length; at += 128) {
    const found = ROOTS[guid(table.subarray(at, at + 16))]
    if (found) return found
  }
  if (/(?:^|[^a-z0-9])(?:arm64|aarch64)(?:[^a-z0-9]|$)/i.test(image.path)) return 'aarch64'
  return /(?:^|[^a-z0-9])(?:amd64|x86[_-]64)(?:[^a-z0-9]|$)/i.test(image.path) ? 'x86_64' : undefined
}

/** The first 34 sectors: where a GPT has its table of partitions. */
async function readStart({ path, format }: ImageFile, signal?: AbortSignal): Promise<Buffer> {
  const dir = await makeTempDir('qemu')
  try {
    const copy = join(dir, 'start')
    const words = ['dd', '-f', format, '-O', 'raw', 'bs=17408', 'count=1', `if=${path}`, `of=${copy}`]
    const copied = await qemuImg(words, { deadlineMs: CHECK_MS, signal })
    const start = copied.exitCode === 0 ? await readFile(copy) : Buffer.alloc(0)
    return start.subarray(512, 520).toString('latin1') === 'EFI PART' ? start : Buffer.alloc(0)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** The first three groups of a GUID are stored with their bytes reversed. */
function guid(bytes: Buffer): string {
  const hex = (from: number, to: number, reverse: boolean) => {
    const part = [...bytes.subarray(from, to)]
    return Buffer.from(reverse ? part.reverse() : part).toString('hex')
  }
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join('-')
}
