import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PrerequisiteError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Digest } from './checksums.ts'
import { DownloadError } from './download-error.ts'
import type { HeldBody } from './held-body.ts'
import { holdBody } from './held-body.ts'
import { networkError, openUrl } from './open-url.ts'
import type { UrlOptions } from './open-url.ts'

export interface DownloadOptions extends UrlOptions {
  /** What the file must be. */
  digest: Digest
  /** Bytes, where an index says. */
  bytes?: number
  /** Called about once a second. `total` is unknown when the server does not say. */
  onProgress?: (done: number, total: number | undefined) => void
}

const DEADLINE_MS = 6 * 3_600_000
const MOST_BYTES = 64 * 1024 ** 3
/** Attempts in a row that bring no further byte. */
const MOST_VAIN = 4

/**
 * Downloads a file to `target`. What arrived before a line broke, or a process ended, is kept beside it and continued; a file is at
 * `target` only when it has the digest.
 * @throws DownloadError, PrerequisiteError when the disk is too small, WaitTimeoutError after six hours, CancelledError
 */
export async function download(url: string, target: string, options: DownloadOptions): Promise<void> {
  const { signal } = options
  const partial = `${target}.partial`
  await mkdir(dirname(target), { recursive: true })
  let vain = 0
  let furthest = 0
  let resumed = false
  const retryMs = options.retryMs ?? 500
  const wait = {
    what: `the download of ${url}`,
    deadlineMs: DEADLINE_MS,
    intervalMs: retryMs,
    maxIntervalMs: retryMs * 10,
  }
  await waitUntil({ ...wait, ...(signal ? { signal } : {}) }, async (within) => {
    furthest = Math.max(furthest, await sizeOf(partial))
    try {
      resumed = (await attempt(url, partial, { ...options, signal: within })) || resumed
    } catch (error) {
      vain = (await sizeOf(partial)) > furthest ? 0 : vain + 1
      if (error instanceof DownloadError && error.retryable && vain >= MOST_VAIN)
        throw new DownloadError(error.reason, `${error.message}; ${vain} attempts brought nothing further`, {
          cause: error,
          again: false,
        })
      throw error
    }
    const actual = await fileDigest(partial, options.digest.algorithm)
    if (actual === options.digest.hex) return { done: true, value: undefined }
    await discard(partial)
    if (!resumed) throw wrongDigest(url, options.digest, actual)
    // the pieces may be of two versions of the file
    resumed = false
    return { done: false, saw: 'pieces that do not fit together' }
  })
  await rename(partial, target)
  await rm(`${partial}.json`, { force: true })
}

/** One request. Resolves with whether it continued what was there. */
async function attempt(url: string, partial: string, options: DownloadOptions): Promise<boolean> {
  const known = await readState(partial, url)
  const start = known ? await sizeOf(partial) : 0
  const headers = start > 0 && known ? { range: `bytes=${start}-`, 'if-range': known.validator } : {}
  const response = await openUrl(url, { ...options, headers })
  const body = holdBody(response)
  try {
    const offset = await offsetOf(response, start, url, partial)
    if (offset === undefined) return true
    const total = totalOf(response, offset)
    await assertSize(url, total, options.bytes, offset, partial)
    const validator = response.headers.etag ?? response.headers['last-modified']
    // a weak validator does not promise the same bytes
    if (validator !== undefined && !validator.startsWith('W/'))
      await writeFile(`${partial}.json`, JSON.stringify({ url, validator }))
    else await rm(`${partial}.json`, { force: true })
    await receive(body, partial, { url, offset, total, most: options.bytes ?? MOST_BYTES, ...options })
    return offset > 0
  } finally {
    response.destroy()
  }
}

/** Where the bytes of an answer belong; undefined when nothing is missing any more. */
async function offsetOf(
  response: IncomingMessage,
  start: number,
  url: string,
  partial: string,
): Promise<number | undefined> {
  const status = response.statusCode ?? 0
  const range = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(response.headers['content-range'] ?? '')
  if (status === 200) return 0
  if (status === 206 && Number(range?.[1]) === start) return start
  if (status === 416 && response.headers['content-range'] === `bytes */${start}`) return undefined
  if (status === 206 || status === 416) {
    await discard(partial)
    throw new DownloadError('length', `${url} answers with another part than was asked for`, { again: true })
  }
  throw new DownloadError('status', `${url} answers with status ${status}`, { again: status >= 500 || status === 429 })
}

function totalOf(response: IncomingMessage, offset: number): number | undefined {
  const { 'content-length': length } = response.headers
  return length === undefined ? undefined : offset + Number(length)
}

async function assertSize(
  url: string,
  total: number | undefined,
  bytes: number | undefined,
  offset: number,
  partial: string,
): Promise<void> {
  if (total !== undefined && bytes !== undefined && total !== bytes)
    throw new DownloadError('length', `${url} has ${total} bytes, and its index says ${bytes}`)
  const wanted = (total ?? bytes ?? 0) - offset
  const { bavail, bsize } = await statfs(dirname(partial))
  if (wanted > bavail * bsize)
    throw new PrerequisiteError(`${Math.ceil(wanted / 1024 ** 2)} MiB do not fit into ${dirname(partial)}`, {
      hint: 'free some space, or set HARNESS_CACHE_DIR to a larger disk',
    })
}

interface Receiving {
  url: string
  offset: number
  total: number | undefined
  most: number
  onProgress?: DownloadOptions['onProgress']
}

/** Whatever arrived before the line broke is in the file. */
async function receive(body: HeldBody, partial: string, options: Receiving): Promise<void> {
  const { url, offset, total, most, onProgress } = options
  const handle = await open(partial, offset > 0 ? 'a' : 'w')
  let done = offset
  let last = performance.now()
  const take = (chunk: Buffer) => {
    done += chunk.length
    if (done > most) throw new DownloadError('length', `${url} sends more than ${most} bytes`)
    if (performance.now() - last < 1000) return
    last = performance.now()
    onProgress?.(done, total)
  }
  try {
    await body.writeTo(handle, take)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ECONNRESET' && code !== undefined && error instanceof Error && 'syscall' in error) throw error
    if (code === 'ECONNRESET')
      throw new DownloadError('truncated', `${url} ended after ${done} of ${total ?? 'unknown'} bytes`, {
        cause: error,
      })
    throw networkError(new URL(url), error as NodeJS.ErrnoException)
  } finally {
    await handle.close()
  }
  if (total !== undefined && done < total)
    throw new DownloadError('truncated', `${url} ended after ${done} of ${total} bytes`)
  onProgress?.(done, total ?? done)
}

function wrongDigest(url: string, expected: Digest, actual: string): DownloadError {
  return new DownloadError(
    'digest',
    `${url} is not what its publisher signed: ${expected.algorithm} is ${actual.slice(0, 16)}..., expected ${expected.hex.slice(0, 16)}...`,
    { hint: 'the file was removed; try again later, the publisher may be in the middle of a change' },
  )
}

/** Hex digest of a file. */
export async function fileDigest(path: string, algorithm: Digest['algorithm']): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function readState(partial: string, url: string): Promise<{ validator: string } | undefined> {
  try {
    const state = JSON.parse(await readFile(`${partial}.json`, 'utf8')) as { url?: unknown; validator?: unknown }
    return state.url === url && typeof state.validator === 'string' ? { validator: state.validator } : undefined
  } catch {
    return undefined
  }
}

async function discard(partial: string): Promise<void> {
  await rm(partial, { force: true })
  await rm(`${partial}.json`, { force: true })
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}
