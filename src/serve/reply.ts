import type { Readable } from 'node:stream'

/** What goes back over HTTP. */
export interface Reply {
  status: number
  headers?: Readonly<Record<string, string>>
  /** Text and bytes get an ETag and are compressed; a stream is sent as it is. */
  body?: string | Uint8Array | Readable
}

/** What a route is asked. */
export interface Request {
  method: string
  /** Decoded, without the query. */
  path: string
  query: URLSearchParams
  header(name: string): string | undefined
  /** Who asks, as far as the network tells. */
  address: string
  /** The body, decompressed. @throws RefusedError when it is larger than `most` bytes */
  body(most: number): Promise<Buffer>
}

/** Data as JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: `${JSON.stringify(value)}\n` }
}

/** What went wrong, in the form of RFC 9457. */
export function problem(
  status: number,
  detail: string,
  more: { hint?: string | undefined; headers?: Readonly<Record<string, string>>; [extra: string]: unknown } = {},
): Reply {
  const { headers = {}, hint, ...extra } = more
  const body = { status, detail, ...(hint === undefined ? {} : { hint }), ...extra }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: `${JSON.stringify(body)}\n`,
  }
}
