import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Reply } from './reply.ts'

const compress = promisify(gzip)
const SMALL_BYTES = 1024

/** On every answer: nothing here is ever run by a browser, put in a frame or guessed to be something else. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'strict-transport-security': 'max-age=31536000',
} as const

/** Writes an answer: 304 when the reader has it already, compressed when that is worth it, only the head for HEAD. */
export async function sendReply(message: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const headers: Record<string, string> = { ...ALWAYS, ...reply.headers }
  const reads = message.method === 'GET' || message.method === 'HEAD'
  if (reads) headers['access-control-allow-origin'] ??= '*'
  if (reply.body instanceof Readable) {
    response.writeHead(reply.status, headers)
    if (message.method === 'HEAD') return void response.end()
    await pipeline(reply.body, response)
    return
  }
  let body = typeof reply.body === 'string' ? Buffer.from(reply.body) : Buffer.from(reply.body ?? '')
  if (reads && reply.status === 200) {
    headers['etag'] ??= `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    headers['cache-control'] ??= 'public, max-age=60'
    if (matches(message.headers['if-none-match'], headers['etag'])) {
      delete headers['content-type']
      response.writeHead(304, headers)
      return void response.end()
    }
  }
  if (headers['content-encoding'] === undefined && body.length > SMALL_BYTES) {
    headers['vary'] = 'accept-encoding'
    if (/\bgzip\b/.test(message.headers['accept-encoding'] ?? '')) {
      headers['content-encoding'] = 'gzip'
      body = Buffer.from(await compress(body, { level: 5 }))
    }
  }
  headers['content-length'] = String(body.length)
  response.writeHead(reply.status, headers)
  response.end(message.method === 'HEAD' ? undefined : body)
}

function matches(wanted: string | undefined, etag: string): boolean {
  return wanted?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*') ?? false
}
