import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FakeDaemon extends AsyncDisposable {
  socketPath: string
  /** Requests seen, as `METHOD /path?query`. */
  seen: string[]
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

/** An HTTP server on a unix socket that answers like a daemon, by `METHOD /path`. What it does not know is not found. */
export async function fakeDaemon(routes: Readonly<Record<string, Handler>>): Promise<FakeDaemon> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-lxd-'))
  const socketPath = join(folder, 'unix.socket')
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const handler = routes[`${request.method} ${request.url?.split('?')[0]}`] ?? refuse(404, 'not found')
      handler(request, response, Buffer.concat(chunks))
    })
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    socketPath,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function answer(metadata: unknown): Handler {
  return (_, response) => send(response, 200, { type: 'sync', status: 'Success', status_code: 200, metadata })
}

export function refuse(status: number, error: string): Handler {
  return (_, response) => send(response, status, { type: 'error', error, error_code: status })
}

/** An operation that was accepted. */
export function accept(id: string): Handler {
  return (_, response) =>
    send(response, 202, { type: 'async', operation: `/1.0/operations/${id}`, metadata: { id, status_code: 103 } })
}

export const silent: Handler = () => undefined

export const hangUp: Handler = (request) => void request.socket.destroy()

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
