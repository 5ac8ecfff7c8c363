import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DownloadOptions } from '../../../../src/images/get/download.ts'
import { download } from '../../../../src/images/get/download.ts'
import { fetchSmall } from '../../../../src/images/get/fetch-text.ts'
import { matchesHost, openUrl } from '../../../../src/images/get/open-url.ts'
import { imageBytes, sha256Of } from '../../../fixtures/openpgp/publisher-files.ts'
import { CERTIFICATE, KEY } from './certificate.ts'
import type { Publisher } from './publisher.ts'
import { serve, startPublisher } from './publisher.ts'

const data = imageBytes()
let dir: string
let server: Publisher
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'images-download-'))
  server = await startPublisher()
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await rm(dir, { recursive: true })
})

const target = () => join(dir, 'image')
const get = (options: Partial<DownloadOptions> = {}) =>
  download(`${server.url}image`, target(), {
    hosts: [],
    stallMs: 150,
    retryMs: 1,
    digest: { algorithm: 'sha256', hex: sha256Of(data) },
    signal: AbortSignal.timeout(20_000),
    ...options,
  })

/** Announces everything and breaks the line after that many bytes of the body. */
function breaking(bytes: number, end: (response: ServerResponse) => void = (response) => response.destroy()) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(start > 0 ? 206 : 200, {
      etag: '"1"',
      'content-length': data.length - start,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
    })
    response.write(data.subarray(start, start + bytes), () => end(response))
  }
}

test('a line that breaks again and again is taken up where it broke', async () => {
  server.routes.set('/image', breaking(100_000))
  await get()
  expect(await readFile(target())).toEqual(data)
  const starts = server.requests.map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1] ?? 0))
  expect(starts[0]).toBe(0)
  expect(starts).toEqual([...starts].sort((a, b) => a - b))
  expect(starts.at(-1)).toBeGreaterThan(0)
  expect(await readdir(dir)).toEqual(['image'])
})

test('a server that falls silent is left and asked again', async () => {
  server.routes.set(
    '/image',
    breaking(150_000, () => {}),
  )
  await get()
  expect(await readFile(target())).toEqual(data)
})

test('what an earlier process got is continued, and given up when the server has another version', async () => {
  await writeFile(`${target()}.partial`, data.subarray(0, 200_000))
  await writeFile(`${target()}.partial.json`, JSON.stringify({ url: `${server.url}image`, validator: '"1"' }))
  server.routes.set('/image', (request, response) => serve(data, request, response))
  await get()
  expect(server.requests).toEqual(['GET /image bytes=200000-'])
  await rm(target())
  await writeFile(`${target()}.partial`, data.subarray(0, 200_000))
  await writeFile(`${target()}.partial.json`, JSON.stringify({ url: `${server.url}image`, validator: '"1"' }))
  server.routes.set('/image', (request, response) => serve(data, request, response, '"2"'))
  await get()
  expect(await readFile(target())).toEqual(data)
})

test('pieces of two versions under one tag are noticed and fetched anew', async () => {
  await writeFile(`${target()}.partial`, Buffer.alloc(200_000))
  await writeFile(`${target()}.partial.json`, JSON.stringify({ url: `${server.url}image`, validator: '"1"' }))
  server.routes.set('/image', (request, response) => serve(data, request, response))
  await get()
  expect(server.requests).toEqual(['GET /image bytes=200000-', 'GET /image'])
})

test('a file that was complete when the process ended is not asked for in vain', async () => {
  await writeFile(`${target()}.partial`, data)
  await writeFile(`${target()}.partial.json`, JSON.stringify({ url: `${server.url}image`, validator: '"1"' }))
  server.routes.set('/image', (_, response) =>
    response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end(),
  )
  await get()
  expect(await readFile(target())).toEqual(data)
})

describe('a server that lies', () => {
  test('about the checksum: the file is removed', async () => {
    server.routes.set('/image', imageBytes(300_000, 9))
    await expect(get()).rejects.toMatchObject({ name: 'DownloadError', reason: 'digest' })
    expect(await readdir(dir)).toEqual([])
  })

  test('about the length, too long: it is given up after a few attempts', async () => {
    server.routes.set('/image', (_, response) => {
      response.writeHead(200, { 'content-length': data.length + 1000 })
      response.write(data, () => response.destroy())
    })
    await expect(get()).rejects.toMatchObject({
      reason: 'truncated',
      message: expect.stringMatching(/ended after 300000 of 301000 bytes; 4 attempts brought nothing further/),
    })
  })

  test('about the length, too short: what comes is not the file', async () => {
    server.routes.set('/image', (_, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.end(data.subarray(0, 1000))
    })
    await expect(get()).rejects.toMatchObject({ reason: 'digest' })
    await expect(get({ bytes: data.length })).rejects.toMatchObject({
      reason: 'length',
      message: expect.stringMatching(/has 1000 bytes, and its index says 300000/),
    })
  })

  test('and never stops: no more than announced is kept', async () => {
    server.routes.set('/image', (_, response) => {
      response.writeHead(200)
      const more = () => response.write(data, () => !response.destroyed && more())
      more()
    })
    await expect(get({ bytes: data.length })).rejects.toMatchObject({ reason: 'length' })
  })

  test('about the part it sends', async () => {
    await writeFile(`${target()}.partial`, data.subarray(0, 100))
    await writeFile(`${target()}.partial.json`, JSON.stringify({ url: `${server.url}image`, validator: '"1"' }))
    server.routes.set('/image', (request, response) =>
      request.headers.range === undefined
        ? serve(data, request, response)
        : response.writeHead(206, { 'content-range': 'bytes 0-9/10' }).end(data.subarray(0, 10)),
    )
    await get()
    expect(await readFile(target())).toEqual(data)
  })
})

test('statuses: busy servers are asked again, a missing file is said to be missing', async () => {
  let busy = 2
  server.routes.set('/image', (request, response) =>
    busy-- > 0 ? response.writeHead(503).end() : serve(data, request, response),
  )
  await get()
  server.routes.delete('/image')
  await expect(get()).rejects.toThrow(/answers with status 404/)
  expect(await fetchSmall(`${server.url}nothing`, { hosts: [] })).toBeUndefined()
})

test('cancelling ends it at once and keeps what there is', async () => {
  server.routes.set(
    '/image',
    breaking(100_000, () => {}),
  )
  const stop = new AbortController()
  const done = get({ stallMs: 60_000, signal: stop.signal, onProgress: () => {} })
  setTimeout(() => stop.abort(), 100)
  await expect(done).rejects.toMatchObject({ name: 'CancelledError' })
  expect((await readFile(`${target()}.partial`)).length).toBe(100_000)
})

describe('redirects', () => {
  const to = (location: string) => (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(302, { location }).end()

  test('lead to allowed hosts only', async () => {
    await using other = await startPublisher()
    other.routes.set('/image', data)
    const elsewhere = other.url.replace('127.0.0.1', 'localhost')
    server.routes.set('/image', to(`${elsewhere}image`))
    await expect(get()).rejects.toMatchObject({
      reason: 'redirect',
      message: expect.stringMatching(/not a host of its publisher/),
    })
    expect(other.requests).toEqual([])
    await get({ hosts: ['localhost'] })
    expect(await readFile(target())).toEqual(data)
  })

  test('do not go in circles or to things that are no web address', async () => {
    server.routes.set('/image', to('/image'))
    await expect(get()).rejects.toThrow(/one redirect to the next/)
    for (const place of ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'javascript:0']) {
      server.routes.set('/image', to(place))
      await expect(get({ hosts: ['*'] })).rejects.toThrow(/no web address/)
    }
  })

  test('never lead from https to http', async () => {
    const tls = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) =>
      response.writeHead(301, { location: `${server.url}image` }).end(),
    )
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/image`
    try {
      await expect(openUrl(url, { hosts: ['*'], ca: CERTIFICATE })).rejects.toMatchObject({
        reason: 'redirect',
        message: expect.stringMatching(/from https to http/),
      })
      await expect(openUrl(url, { hosts: ['*'] })).rejects.toMatchObject({
        reason: 'network',
        hint: expect.stringMatching(/certificate/),
      })
      expect(server.requests).toEqual([])
    } finally {
      tls.close()
      tls.closeAllConnections()
    }
  })

  test('patterns of hosts mean what they say', () => {
    expect(matchesHost('a.debian.org', '*.debian.org')).toBe(true)
    expect(matchesHost('debian.org', '*.debian.org')).toBe(false)
    expect(matchesHost('evildebian.org', '*.debian.org')).toBe(false)
    expect(matchesHost('debian.org.evil.example', 'debian.org')).toBe(false)
  })
})

test('several at once, each for itself', async () => {
  server.routes.set('/image', (request, response) => serve(data, request, response))
  const targets = ['a', 'b', 'c'].map((name) => join(dir, name))
  const options = { hosts: [], digest: { algorithm: 'sha256', hex: sha256Of(data) } } as const
  await Promise.all(targets.map((path) => download(`${server.url}image`, path, options)))
  for (const path of targets) expect(await readFile(path)).toEqual(data)
})
