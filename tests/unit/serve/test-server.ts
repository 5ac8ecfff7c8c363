import { gzipSync } from 'node:zlib'
import { serve, type ServeOptions } from '../../../src/serve/serve.ts'
import { testArchive, type TestArchive } from '../archive/test-archive.ts'

export interface TestServer extends AsyncDisposable {
  t: TestArchive
  url: string
  errors: string[]
  get(path: string, init?: RequestInit): Promise<Response>
  /** Sends an envelope. */
  post(text: string, headers?: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }>
  put(digest: string, bytes: Uint8Array, ticket: unknown): Promise<number>
}

/** A server on a port of its own, with an archive of its own. */
export async function testServer(options: Partial<ServeOptions> = {}, t?: TestArchive): Promise<TestServer> {
  const used = t ?? (await testArchive())
  const errors: string[] = []
  const server = await serve({
    archive: used.archive,
    host: '127.0.0.1',
    port: 0,
    now: () => used.clock.now,
    onError: (message) => errors.push(message),
    ...options,
  })
  const get = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init)
  return {
    t: used,
    url: server.url,
    errors,
    get,
    async post(text, headers = {}) {
      const response = await get('/api/v1/submissions', { method: 'POST', body: text, headers })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async put(digest, bytes, ticket) {
      const response = await get(`/api/v1/blobs/sha256/${digest.slice(7)}`, {
        method: 'PUT',
        body: gzipSync(bytes),
        headers: { authorization: `Bearer ${String(ticket)}`, 'content-encoding': 'gzip' },
      })
      await response.arrayBuffer()
      return response.status
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      if (!t) await used[Symbol.asyncDispose]()
    },
  }
}
