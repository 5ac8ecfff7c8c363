import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { HarnessError, PrerequisiteError, toErrorRecord } from '../core/errors.ts'
import { RefusedError } from '../archive/refused.ts'
import type { ServeLimits } from './limits.ts'
import { readBody } from './read-body.ts'
import { problem, type Reply, type Request } from './reply.ts'
import { sendReply } from './send-reply.ts'

export interface HttpOptions {
  host: string
  port: number
  limits: ServeLimits
  /** Addresses of proxies whose `x-forwarded-for` is believed. */
  trustedProxies: readonly string[]
  handle(request: Request): Promise<Reply>
  /** Told after every answer. */
  onReply(method: string, status: number): void
  /** Told what is a bug of ours; readers learn nothing of it. */
  onError(message: string): void
}

export interface HttpServer extends AsyncDisposable {
  port: number
  connections(): number
}

/** Listens, with a deadline and a limit for everything others send. Disposing it lets open requests end first. */
export async function listen(options: HttpOptions): Promise<HttpServer> {
  const { limits } = options
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs / 2),
      keepAliveTimeout: 10_000,
      maxHeaderSize: 16 * 1024,
    },
    (message, response) => void answer(message, response, options),
  )
  server.maxConnections = limits.connections
  limitAddresses(server, limits.connectionsOfAddress, options.trustedProxies)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new PrerequisiteError(`cannot listen on ${options.host}:${options.port}: ${error.message}`, {
          hint: 'give another port with --listen',
          cause: error,
        }),
      ),
    )
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  let open = 0
  server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => open--)
  })
  return {
    port,
    connections: () => open,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const late = setTimeout(() => server.closeAllConnections(), limits.stopMs)
      server.closeIdleConnections()
      await closed
      clearTimeout(late)
    },
  }
}

/** One address must not take all connections. A proxy stands for many. */
function limitAddresses(server: Server, most: number, proxies: readonly string[]): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress)
    if (proxies.includes(address)) return
    const count = (open.get(address) ?? 0) + 1
    if (count > most) return void socket.destroy()
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
  })
}

async function answer(message: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
  let reply: Reply
  try {
    reply = await options.handle(requestOf(message, options))
  } catch (error) {
    reply = replyOfError(error, options)
  }
  try {
    // What was not read of a body is not read any more.
    if (!message.complete) response.setHeader('connection', 'close')
    await sendReply(message, response, reply)
  } catch (error) {
    if (!response.writableEnded) response.destroy()
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      options.onError(toErrorRecord(error).message)
  }
  options.onReply(message.method ?? '', reply.status)
}

function requestOf(message: IncomingMessage, options: HttpOptions): Request {
  const { path, query } = addressOf(message.url ?? '/')
  return {
    method: message.method ?? 'GET',
    path,
    query,
    header: (name) => {
      const value = message.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    address: clientOf(message, options.trustedProxies),
    body: (most) => readBody(message, most),
  }
}

function addressOf(url: string): { path: string; query: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(url.replace(/^\/+/, '/'), 'http://here')
    return { path: decodeURIComponent(pathname), query: searchParams }
  } catch (error) {
    throw new RefusedError(400, 'the address cannot be read', { cause: error })
  }
}

function clientOf(message: IncomingMessage, proxies: readonly string[]): string {
  const address = plainAddress(message.socket.remoteAddress)
  if (!proxies.includes(address)) return address
  const forwarded = message.headers['x-forwarded-for']
  return (Array.isArray(forwarded) ? forwarded.at(-1) : forwarded)?.split(',').at(-1)?.trim() || address
}

function plainAddress(address = ''): string {
  return address.replace(/^::ffff:/, '')
}

function replyOfError(error: unknown, options: HttpOptions): Reply {
  if (error instanceof RefusedError) {
    const headers = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
    return problem(error.status, error.message, { hint: error.hint, headers, ...error.extra })
  }
  if (error instanceof HarnessError && error.blame === 'user') return problem(400, error.message, { hint: error.hint })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET')
    return problem(400, 'the request ended early')
  const { message, name } = toErrorRecord(error)
  options.onError(`${name}: ${message}`)
  if (error instanceof HarnessError)
    return problem(503, 'the server cannot do this now', { headers: { 'retry-after': '30' } })
  return problem(500, 'this is a fault of the server')
}
