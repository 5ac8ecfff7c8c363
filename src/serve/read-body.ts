import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RefusedError } from '../archive/refused.ts'

/** Small content is larger when it is compressed. */
const OVERHEAD_BYTES = 1024

/**
 * The body of a request, decompressed when it came by gzip.
 * @throws RefusedError when it is larger than `most` bytes at any point, in another encoding, or damaged
 */
export async function readBody(message: IncomingMessage, most: number): Promise<Buffer> {
  const encoding = message.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new RefusedError(400, `the encoding ${JSON.stringify(encoding.slice(0, 20))} is not known`, {
      hint: 'use gzip',
    })
  const mostSent = encoding === 'gzip' ? most + OVERHEAD_BYTES : most
  const tooLarge = () => new RefusedError(413, `the body is larger than ${most} bytes`)
  if (Number(message.headers['content-length'] ?? 0) > mostSent) throw tooLarge()
  const counted = async function* (from: AsyncIterable<Buffer>, limit: number) {
    let size = 0
    for await (const chunk of from) {
      size += chunk.length
      if (size > limit) throw tooLarge()
      yield chunk
    }
  }
  const chunks: Buffer[] = []
  const take = async (from: AsyncIterable<Buffer>) => {
    for await (const chunk of counted(from, most)) chunks.push(chunk)
  }
  if (encoding === 'identity') await take(message)
  else {
    try {
      // What comes out is counted while it comes, so a bomb ends at the limit and not in memory.
      await pipeline(counted(message, mostSent), createGunzip(), take)
    } catch (error) {
      if (error instanceof RefusedError) throw error
      throw new RefusedError(400, 'the body is not gzip', { cause: error })
    }
  }
  return Buffer.concat(chunks)
}
