import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../core/errors.ts'

/** A request as a simulated API gets it. */
export interface ApiRequest {
  method: string
  /** With the path and the query as sent. */
  url: URL
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: Buffer
}

/** An answer, or what happens in place of one. */
export type ApiReply =
  | { status: number; headers?: Readonly<Record<string, string>>; body?: string | Uint8Array }
  /** The connection is closed without an answer. */
  | 'cut'
  /** Nothing is ever said. */
  | 'hang'

export interface ServeOptions {
  /** Default: a free one. */
  port?: number
  /** Address of this host. Default 127.0.0.1. */
  host?: string
  /** Speaks https with this certificate. */
  tls?: { key: string; cert: string }
  /** Largest body in bytes. Default 8 MiB. */
  maxBody?: number
}

/** A server that listens. Disposing it cuts what is going on. */
export interface Served extends AsyncDisposable {
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  endpoint: string
  port: number
}

/** Serves an API on an address of this host. What the handler throws is a 500 with its message: a simulator hides no bug of its own. */
export async function serve(
  handler: (request: ApiRequest) => Promise<ApiReply>,
  options: ServeOptions = {},
): Promise<Served> {
  const { host = '127.0.0.1', port = 0, tls, maxBody = 8 * 1024 * 1024 } = options
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    answer(handler, incoming, response, `${tls ? 'https' : 'http'}://${host}`, maxBody).catch(() => response.destroy())
  }
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener)
  // Clients keep connections for their next call; one that is closed under such a call looks like an outage.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new ConfigError(`cannot listen on ${host} port ${port}: ${error.message}`, { hint: 'choose another --port' }),
      ),
    )
    server.listen({ host, port }, resolve)
  })
  const { port: chosen } = server.address() as AddressInfo
  return {
    endpoint: `${tls ? 'https' : 'http'}://${host}:${chosen}`,
    port: chosen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function answer(
  handler: (request: ApiRequest) => Promise<ApiReply>,
  incoming: IncomingMessage,
  response: ServerResponse,
  base: string,
  maxBody: number,
): Promise<void> {
  response.on('error', () => {})
  const body = await bodyOf(incoming, maxBody)
  if (!body) return void response.writeHead(413).end('the body is too large')
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  const url = new URL(incoming.url ?? '/', `${base}/`)
  const reply = await handler({ method: incoming.method ?? 'GET', url, headers, body }).catch((error: Error) => ({
    status: 500,
    headers: {},
    body: `the simulator failed: ${error.stack ?? error.message}`,
  }))
  if (reply === 'hang') return
  if (reply === 'cut') return void incoming.socket.destroy()
  const bytes = Buffer.from(reply.body ?? '')
  response.writeHead(reply.status, { ...reply.headers, 'content-length': bytes.length }).end(bytes)
}

async function bodyOf(incoming: IncomingMessage, maxBody: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size <= maxBody) chunks.push(chunk as Buffer)
  }
  return size > maxBody ? undefined : Buffer.concat(chunks)
}
