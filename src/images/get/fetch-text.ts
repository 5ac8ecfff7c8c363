import { waitUntil } from '../../core/wait-until.ts'
import { DownloadError } from './download-error.ts'
import { networkError, openUrl } from './open-url.ts'
import type { UrlOptions } from './open-url.ts'

const DEADLINE_MS = 120_000
const MOST_ATTEMPTS = 4
const MOST_BYTES = 64 * 1024 * 1024

/**
 * A small file in memory: an index, a list of checksums, a signature. Undefined when the server has none by that name.
 * @throws DownloadError after four attempts, WaitTimeoutError after two minutes
 */
export async function fetchSmall(url: string, options: UrlOptions): Promise<Buffer | undefined> {
  const { signal, retryMs = 500 } = options
  const wait = { what: url, deadlineMs: DEADLINE_MS, intervalMs: retryMs, maxIntervalMs: 5000 }
  let attempts = 0
  return await waitUntil({ ...wait, ...(signal ? { signal } : {}) }, async (within) => {
    try {
      return { done: true, value: await once(url, { ...options, signal: within }) }
    } catch (error) {
      if (++attempts < MOST_ATTEMPTS || !(error instanceof DownloadError) || !error.retryable) throw error
      throw new DownloadError(error.reason, error.message, { cause: error, again: false })
    }
  })
}

/** The same, for a file that has to be there. */
export async function fetchRequired(url: string, options: UrlOptions): Promise<Buffer> {
  const data = await fetchSmall(url, options)
  if (data === undefined) throw new DownloadError('status', `${url} is not there (404)`)
  return data
}

async function once(url: string, options: UrlOptions): Promise<Buffer | undefined> {
  const response = await openUrl(url, options)
  const status = response.statusCode ?? 0
  if (status === 404 || status === 410) {
    response.destroy()
    return undefined
  }
  if (status !== 200) {
    response.destroy()
    throw new DownloadError('status', `${url} answers with status ${status}`, {
      again: status >= 500 || status === 429,
    })
  }
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) throw new DownloadError('length', `${url} is larger than such a file can be`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw networkError(new URL(url), error as NodeJS.ErrnoException)
  }
  const announced = Number(response.headers['content-length'] ?? bytes)
  if (bytes < announced) throw new DownloadError('truncated', `${url} ended after ${bytes} of ${announced} bytes`)
  return Buffer.concat(chunks)
}
