import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { CatalogueEntry, FilesOffer, StreamOffer } from '../../../../src/images/get/catalogue.ts'

export const FIXTURES = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'openpgp')
export const fixture = (name: string) => readFile(join(FIXTURES, name))

/** What a path is answered with: bytes, or whatever a handler does. */
export type Route = Buffer | ((request: IncomingMessage, response: ServerResponse) => void)

export interface Publisher extends AsyncDisposable {
  url: string
  routes: Map<string, Route>
  /** `METHOD PATH RANGE` of every request. */
  requests: string[]
}

/** A publisher on this host, as honest as its routes. */
export async function startPublisher(): Promise<Publisher> {
  const routes = new Map<string, Route>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(`${request.method} ${path} ${request.headers.range ?? ''}`.trim())
    const route = routes.get(path)
    if (route === undefined) response.writeHead(404).end()
    else if (typeof route === 'function') route(request, response)
    else serve(route, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, routes, requests, [Symbol.asyncDispose]: close }
}

/** Bytes with an ETag, in parts when asked for. */
export function serve(data: Buffer, request: IncomingMessage, response: ServerResponse, etag = '"1"'): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const partly = start > 0 && request.headers['if-range'] === etag
  const body = partly ? data.subarray(start) : data
  response.writeHead(partly ? 206 : 200, {
    etag,
    'content-length': body.length,
    ...(partly ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
  })
  response.end(body)
}

const trust = { name: 'test', files: [join(FIXTURES, 'publisher.gpg')], bring: 'apt-get install test-keyring' }
const shared = {
  distribution: 'test',
  releases: { '1': {} },
  architectures: { x64: 'amd64', arm64: 'amd64' },
  hosts: [],
  trust,
  source: 'https://example.com/',
  checked: '2026-11-22',
  seen: true,
}

/** An entry whose images lie in a folder of the publisher. */
export function filesEntry(base: string, changes: Partial<FilesOffer> = {}): CatalogueEntry {
  const source: FilesOffer = {
    ...shared,
    kind: 'files',
    base,
    image: 'test-1-amd64\\.qcow2',
    sums: 'SHA256SUMS',
    signature: { kind: 'detached', file: '{sums}.gpg' },
    ...changes,
  }
  return { name: 'test-1', release: '1', architecture: 'amd64', source }
}

/** An entry whose images an index of the publisher lists. */
export function streamEntry(base: string, changes: Partial<StreamOffer> = {}): CatalogueEntry {
  const source: StreamOffer = {
    ...shared,
    kind: 'stream',
    base,
    index: 'streams/v1/index.sjson',
    product: 'com.example.cloud:server:1:amd64',
    signature: { kind: 'clear' },
    ...changes,
  }
  return { name: 'test-1', release: '1', architecture: 'amd64', source }
}
