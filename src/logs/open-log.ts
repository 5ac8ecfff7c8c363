import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ConfigError } from '../core/errors.ts'

const BLOCK = 256 * 1024
const MOST_NULS = 0.001
const MOST_NO_UTF8 = 0.1

/** The bytes of a log. With `unpack` those inside a gzip file, told by its first bytes: rotated logs are packed. Pipes are read once. */
export async function openLog(path: string, unpack: boolean): Promise<Readable> {
  const file = createReadStream(path, { highWaterMark: BLOCK })
  if (!unpack) return file
  await once(file, 'readable')
  const head = file.read() as Buffer | null
  if (head) file.unshift(head)
  if (head?.[0] !== 0x1f || head[1] !== 0x8b) return file
  // The reader of the pipeline sees the error.
  return pipeline(file, createGunzip({ chunkSize: BLOCK }), () => undefined)
}

/** Tells logs from disks, packages and noise. A serial port may add a NUL of its own, and Latin-1 is no UTF-8: a few are allowed. @throws ConfigError */
export function mustBeText(block: string, path: string): void {
  const share = (character: string) => (block.split(character).length - 1) / block.length
  if (share('\0') <= MOST_NULS && share('\uFFFD') <= MOST_NO_UTF8) return
  throw new ConfigError(`${path} is no log: it is not text`, {
    hint: 'give text, or text packed by gzip; of a journal what `journalctl --file FILE -o short-iso` prints',
  })
}
