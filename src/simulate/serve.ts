import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
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

/** What becomes of a request for a websocket. */
export type UpgradeReply =
  | { status: number; body?: string }
  | { protocol?: string; accept: (socket: WebSocket) => Promise<void> }

export interface ServeOptions {
  /** Websockets are asked for here. Default: there are none. */
  upgrade?: (request: Omit<ApiRequest, 'body'>) => Promise<UpgradeReply>
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
  const { host = '127.0.0.1', port = 0, tls, maxBody = 8 * 1024 * 1024, upgrade } = options
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    answer(handler, incoming, response, `${tls ? 'https' : 'http'}://${host}`, maxBody).catch(() => response.destroy())
  }
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const lines = upgrade && serveUpgrades(server, upgrade, `${tls ? 'https' : 'http'}://${host}`)
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
      lines?.close()
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
  const reply = await handler({ ...headOf(incoming, base), body }).catch((error: Error) => ({
    status: 500,
    headers: {},
    body: `the simulator failed: ${error.stack ?? error.message}`,
  }))
  if (reply === 'hang') return
  if (reply === 'cut') return void incoming.socket.destroy()
  const bytes = Buffer.from(reply.body ?? '')
  response.writeHead(reply.status, { ...reply.headers, 'content-length': bytes.length }).end(bytes)
}

function headOf(incoming: IncomingMessage, base: string): Omit<ApiRequest, 'body'> {
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  return { method: incoming.method ?? 'GET', url: new URL(incoming.url ?? '/', `${base}/`), headers }
}

/** Closing it cuts every websocket. */
function serveUpgrades(server: Server, upgrade: NonNullable<ServeOptions['upgrade']>, base: string) {
  const open = new Set<Duplex>()
  const answerOne = async (incoming: IncomingMessage, line: Duplex, head: Buffer) => {
    const reply = await upgrade(headOf(incoming, base))
    if ('status' in reply)
      return void line.end(
        `HTTP/1.1 ${reply.status} Refused\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(reply.body ?? '')}\r\n\r\n${reply.body ?? ''}`,
      )
    const { protocol } = reply
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => protocol ?? false })
    sockets.handleUpgrade(incoming, line, head, (socket) => void reply.accept(socket).catch(() => socket.terminate()))
  }
  server.on('upgrade', (incoming, line, head) => {
    open.add(line)
    line.on('close', () => open.delete(line))
    line.on('error', () => {})
    answerOne(incoming, line, head).catch(() => line.destroy())
  })
  return { close: () => open.forEach((line) => line.destroy()) }
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
