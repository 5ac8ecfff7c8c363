import { request } from 'node:https'
import { PlatformError } from '../../core/errors.ts'
import { toPlatformError } from './errors.ts'

interface BlobCall {
  method: 'GET' | 'PUT'
  headers?: Record<string, string>
  body?: Uint8Array
  /** Milliseconds. */
  deadlineMs: number
  /** Certificates of authorities that are trusted besides, PEM. */
  ca: string | undefined
  /** Bytes that are kept of an answer, its end. */
  maxBytes?: number
}

/** One call to Azure Storage at an address that carries its own permission. @throws PlatformError */
export async function blobCall(url: string, options: BlobCall, doing: string): Promise<Buffer> {
  const { method, headers = {}, body, deadlineMs, ca, maxBytes = 4 * 1024 * 1024 } = options
  const answer = await new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
    const call = request(
      url,
      {
        method,
        headers,
        signal: AbortSignal.timeout(Math.max(1, Math.ceil(deadlineMs))),
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        let kept = Buffer.alloc(0)
        response.on('data', (chunk: Buffer) => {
          kept = Buffer.concat([kept, chunk]).subarray(-maxBytes)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: kept }))
        response.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(body)
  }).catch((error: unknown) => {
    throw toPlatformError(error, doing)
  })
  if (answer.status >= 400) {
    const cause = new Error(`status ${answer.status}`)
    const kind =
      answer.status === 404
        ? 'not-found'
        : answer.status === 403
          ? 'auth'
          : answer.status === 429
            ? 'throttled'
            : 'unavailable'
    throw new PlatformError(kind, `Azure Storage failed ${doing}: status ${answer.status}`, { cause })
  }
  return answer.bytes
}
