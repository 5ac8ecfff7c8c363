import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { cleanText } from '../core/text.ts'
import { pause } from '../core/wait-until.ts'
import type { Answer, EndpointName, ImdsRequest } from './cloud.ts'
import type { Fault } from './faults.ts'
import type { ImdsService } from './imds-service.ts'

/** Where an endpoint listens: a unix socket, or an address of this host. */
export type Listen = { path: string } | { host: string; port: number }

const MOST_BODY = 1_048_576

/** An endpoint that listens. Disposing it cuts what is going on. */
export interface ListeningEndpoint extends AsyncDisposable {
  /** The port, where it is one. */
  port: number | undefined
}

/** Serves one endpoint of a service. Rejects when the place to listen is taken. */
export async function listen(service: ImdsService, endpoint: EndpointName, where: Listen): Promise<ListeningEndpoint> {
  const closing = new AbortController()
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 30_000, maxHeaderSize: 32_768 },
    (request, response) => {
      serve(service, endpoint, request, response, closing.signal).catch(() => response.destroy())
    },
  )
  // A guest that opens connections without end must not take those of the harness.
  server.maxConnections = 128
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', () => {})
  return {
    port: portOf(server),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function serve(
  service: ImdsService,
  endpoint: EndpointName,
  incoming: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const at = Date.now()
  const started = performance.now()
  response.on('error', () => {})
  const request = await readRequest(endpoint, incoming)
  let status = 400
  let bytes = 0
  let fault: Fault | undefined
  if (request) {
    fault = service.strike(request)
    const answer = await struck(fault, response, signal, () => service.answer(request))
    status = answer?.status ?? 0
    if (answer) bytes = send(response, answer, fault, incoming.method === 'HEAD')
  } else response.writeHead(400).end()
  service.remember({
    at,
    endpoint,
    method: incoming.method ?? '',
    path: cleanText(incoming.url ?? '').slice(0, 1000),
    userAgent: cleanText(incoming.headers['user-agent'] ?? '').slice(0, 200),
    status,
    bytes,
    durationMs: performance.now() - started,
    ...(fault ? { fault: describe(fault) } : {}),
  })
}

/** The answer as the fault leaves it; undefined when there is none and the connection is cut. */
async function struck(
  fault: Fault | undefined,
  response: ServerResponse,
  signal: AbortSignal,
  answer: () => Answer,
): Promise<Answer | undefined> {
  switch (fault?.kind) {
    case 'reset':
      response.destroy()
      return undefined
    case 'hang':
      await pause(600_000, AbortSignal.any([signal, closed(response)]))
      response.destroy()
      return undefined
    case 'slow':
      await pause(fault.delayMs ?? 5000, AbortSignal.any([signal, closed(response)]))
      return answer()
    case 'status':
      return {
        status: fault.status ?? 503,
        headers: { 'content-type': 'text/plain', ...(fault.status === 429 ? { 'retry-after': '1' } : {}) },
        body: `${fault.status ?? 503}`,
      }
    case 'malformed': {
      const real = answer()
      return real.status === 200 ? { ...real, body: '{"<!-- \u0000 not what was asked for' } : real
    }
    default:
      return answer()
  }
}

function closed(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return gone.signal
}

/** Sends an answer and tells how many bytes of body it had. */
function send(response: ServerResponse, answer: Answer, fault: Fault | undefined, headOnly: boolean): number {
  const body = Buffer.from(answer.body ?? '')
  const headers = answer.status === 204 ? answer.headers : { ...answer.headers, 'content-length': String(body.length) }
  response.writeHead(answer.status, headers)
  if (headOnly) {
    response.end()
    return 0
  }
  if (fault?.kind === 'truncate' && body.length > 0) {
    const half = body.subarray(0, Math.floor(body.length / 2))
    response.write(half, () => response.destroy())
    return half.length
  }
  response.end(body)
  return body.length
}

async function readRequest(endpoint: EndpointName, incoming: IncomingMessage): Promise<ImdsRequest | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MOST_BODY) return undefined
      chunks.push(chunk)
    }
    const { path, query } = splitTarget(incoming.url ?? '/')
    return {
      endpoint,
      method: incoming.method ?? 'GET',
      path,
      query,
      headers: Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : value,
        ]),
      ),
      body: Buffer.concat(chunks).toString('utf8'),
    }
  } catch {
    return undefined
  }
}

/** Path and query of a request line. Throws on escapes that are none. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const [path = '/', ...query] = target.split('?')
  return { path: decodeURIComponent(path), query: new URLSearchParams(query.join('?')) }
}

function describe({ kind, status }: Fault): string {
  return kind === 'status' ? `status ${status ?? 503}` : kind
}

function portOf(server: Server): number | undefined {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : undefined
}
