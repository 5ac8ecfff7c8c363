import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { WebSocket } from 'ws'
import type { OperationInfo } from './api.ts'
import { Channel } from './channel.ts'
import type { Endpoint } from './endpoint.ts'
import { describeEndpoint } from './endpoint.ts'
import { answerError, cancelledError, connectionError, deadlineError, operationError } from './errors.ts'

export interface CallOptions {
  /** Milliseconds. Default 30 s for plain calls, 5 min for operations. */
  deadlineMs?: number
  signal?: AbortSignal | undefined
  headers?: Record<string, string>
  query?: Record<string, string>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What is sent: JSON data, bytes, or a stream of known length. */
export type Body = { json: unknown } | { bytes: Uint8Array } | { stream: Readable; length: number }

interface Envelope {
  type: 'sync' | 'async' | 'error'
  error: string
  error_code: number
  operation: string
  metadata: unknown
}

/** A successful answer whose body was not read yet. */
export interface OpenAnswer {
  headers: IncomingHttpHeaders
  body: IncomingMessage
}

const CALL_MS = 30_000
const OPERATION_MS = 300_000

/** A small client of the LXD REST API: unix socket, or https with a client certificate and a pinned server certificate. */
export class LxdClient {
  readonly endpoint: Endpoint
  readonly project: string | undefined
  readonly #agent: HttpAgent | HttpsAgent

  constructor(endpoint: Endpoint, project?: string, agent?: HttpAgent | HttpsAgent) {
    this.endpoint = endpoint
    this.project = project
    this.#agent = agent ?? makeAgent(endpoint)
  }

  /** The same server and connections, another project. */
  inProject(project: string | undefined): LxdClient {
    return project === this.project ? this : new LxdClient(this.endpoint, project, this.#agent)
  }

  async get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return (await this.#json<T>('GET', path, undefined, options)).metadata
  }

  /** Like `get`, with the ETag that `put` takes as `If-Match`. */
  async getTagged<T>(path: string, options: CallOptions = {}): Promise<{ value: T; etag: string }> {
    const { metadata, headers } = await this.#json<T>('GET', path, undefined, options)
    return { value: metadata, etag: String(headers.etag ?? '') }
  }

  /** A call that LXD answers at once. */
  async call(method: Method, path: string, body?: Body, options: CallOptions = {}): Promise<void> {
    await this.#json<unknown>(method, path, body, options)
  }

  /** A call that starts an operation; resolves when the operation succeeded. Answers given at once are fine too. */
  async operate(
    method: Method,
    path: string,
    body?: Body,
    options: CallOptions = {},
  ): Promise<OperationInfo | undefined> {
    const started = performance.now()
    const deadlineMs = options.deadlineMs ?? OPERATION_MS
    const answer = await this.#json<OperationInfo>(method, path, body, { ...options, deadlineMs })
    if (!answer.operation) return undefined
    const left = Math.max(1, deadlineMs - (performance.now() - started))
    return this.waitFor(answer.operation, `${method} ${path}`, { signal: options.signal, deadlineMs: left })
  }

  /** Starts an operation and gives its data without waiting for the end. */
  async begin(path: string, body: Body, options: CallOptions = {}): Promise<OperationInfo> {
    return (await this.#json<OperationInfo>('POST', path, body, options)).metadata
  }

  /** Waits for the end of an operation. Cancels it, best effort, when the signal fires or the deadline passes. */
  async waitFor(
    operation: string,
    action: string,
    options: { deadlineMs: number; signal?: AbortSignal | undefined },
  ): Promise<OperationInfo> {
    const path = operation.split('?')[0] ?? operation
    try {
      const seconds = Math.max(1, Math.ceil(options.deadlineMs / 1000))
      const done = await this.get<OperationInfo>(`${path}/wait`, { ...options, query: { timeout: String(seconds) } })
      if (done.status_code === 200) return done
      if (done.status_code >= 400) throw operationError(done.err || done.status, action)
      throw deadlineError(action, options.deadlineMs)
    } catch (error) {
      // Many operations cannot be cancelled; the caller cleans up what they made.
      if (options.signal?.aborted)
        await this.call('DELETE', path, undefined, { deadlineMs: 2000 }).catch(() => undefined)
      throw error
    }
  }

  /** Opens an answer for reading its raw body. Closing or draining the body is the caller's. */
  async open(path: string, options: CallOptions & { method?: Method; body?: Body } = {}): Promise<OpenAnswer> {
    const body = await this.#send(options.method ?? 'GET', path, options.body, options)
    if ((body.statusCode ?? 0) < 400) return { headers: body.headers, body }
    const envelope = parseEnvelope(await readAll(body), body.statusCode ?? 0)
    throw answerError(envelope.error_code, envelope.error, `${options.method ?? 'GET'} ${path}`)
  }

  /** Opens one websocket of an operation. */
  channel(path: string, query: Record<string, string>, deadlineMs: number): Promise<Channel> {
    const target = this.#target(path, query)
    const options = {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: deadlineMs,
      maxPayload: 64 * 1024 * 1024,
      agent: this.#agent,
      // RFC 6455 masks bytes for the sake of proxies between a browser and its server. Here is none, and zeros cost nothing.
      generateMask: (mask: Buffer) => void mask.fill(0),
    }
    const socket =
      this.endpoint.kind === 'unix'
        ? new WebSocket(`ws+unix:${this.endpoint.socketPath}:${target}`, options)
        : new WebSocket(new URL(target, this.endpoint.url.replace(/^http/, 'ws')), options)
    return Channel.open(socket, (error) =>
      connectionError(error, `the websocket ${path}`, describeEndpoint(this.endpoint)),
    )
  }

  close(): void {
    this.#agent.destroy()
  }

  async #json<T>(method: Method, path: string, body: Body | undefined, options: CallOptions) {
    const answer = await this.#send(method, path, body, options)
    const envelope = parseEnvelope(await readAll(answer), answer.statusCode ?? 0)
    if (envelope.type === 'error') throw answerError(envelope.error_code, envelope.error, `${method} ${path}`)
    return { metadata: envelope.metadata as T, operation: envelope.operation, headers: answer.headers }
  }

  async #send(method: Method, path: string, body: Body | undefined, options: CallOptions): Promise<IncomingMessage> {
    const action = `${method} ${path}`
    const deadlineMs = options.deadlineMs ?? CALL_MS
    if (options.signal?.aborted) throw cancelledError(action)
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(deadlineMs)))
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
    for (let attempt = 1; ; attempt++) {
      let started: ClientRequest | undefined
      try {
        return await this.#once(method, path, body, options, signal, (request) => (started = request))
      } catch (error) {
        if (options.signal?.aborted) throw cancelledError(action)
        if (deadline.aborted) throw deadlineError(action, deadlineMs)
        // A kept-alive connection may be closed by the server just as it is used again.
        if (started?.reusedSocket && attempt === 1 && (body === undefined || !('stream' in body)) && isReset(error))
          continue
        throw connectionError(
          error instanceof Error ? error : new Error(String(error)),
          action,
          describeEndpoint(this.endpoint),
        )
      }
    }
  }

  #once(
    method: Method,
    path: string,
    body: Body | undefined,
    options: CallOptions,
    signal: AbortSignal,
    onStart: (request: ClientRequest) => void,
  ): Promise<IncomingMessage> {
    const headers: Record<string, string> = { ...options.headers }
    const bytes =
      body === undefined
        ? undefined
        : 'json' in body
          ? Buffer.from(JSON.stringify(body.json))
          : 'bytes' in body
            ? body.bytes
            : undefined
    if (body !== undefined && 'json' in body) headers['content-type'] = 'application/json'
    if (bytes !== undefined) headers['content-length'] = String(bytes.byteLength)
    else if (body !== undefined && 'stream' in body) headers['content-length'] = String(body.length)
    return new Promise((resolve, reject) => {
      const request = this.#request({
        method,
        path: this.#target(path, options.query),
        headers,
        agent: this.#agent,
        signal,
      })
      onStart(request)
      request.on('response', resolve)
      request.on('error', reject)
      // An error answer may arrive while the upload still runs; then the answer counts, not the broken pipe.
      if (body !== undefined && 'stream' in body) pipeline(body.stream, request, { signal }).catch(reject)
      else request.end(bytes)
    })
  }

  #request(options: RequestOptions): ClientRequest {
    if (this.endpoint.kind === 'unix')
      return httpRequest({ ...options, socketPath: this.endpoint.socketPath, host: 'lxd' })
    const url = new URL(this.endpoint.url)
    return httpsRequest({ ...options, host: url.hostname, port: url.port || 8443 })
  }

  #target(path: string, query: Record<string, string> = {}): string {
    const all = new URLSearchParams({
      ...(this.project === undefined ? {} : { project: this.project }),
      ...query,
    }).toString()
    return all ? `${path}?${all}` : path
  }
}

function makeAgent(endpoint: Endpoint): HttpAgent | HttpsAgent {
  const common = { keepAlive: true, maxFreeSockets: 16 }
  return endpoint.kind === 'unix' ? new HttpAgent(common) : new HttpsAgent({ ...common, ...tlsOptions(endpoint) })
}

/** The server's own certificate is the only authority, so its name in it does not matter. */
function tlsOptions(endpoint: Extract<Endpoint, { kind: 'https' }>) {
  return { cert: endpoint.cert, key: endpoint.key, ca: endpoint.serverCert, checkServerIdentity: () => undefined }
}

function isReset(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ECONNRESET' || code === 'EPIPE'
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function parseEnvelope(text: string, status: number): Envelope {
  try {
    const envelope: Envelope = JSON.parse(text)
    if (typeof envelope.type === 'string') return envelope
  } catch {
    // not LXD, or a proxy before it: told below
  }
  return {
    type: 'error',
    error: `unexpected answer: ${text.slice(0, 200)}`,
    error_code: status,
    operation: '',
    metadata: null,
  }
}
