import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { results, signed, submission } from '../archive/test-archive.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { testServer } from './test-server.ts'

const LOG = Buffer.from('a line\n'.repeat(1_000))

function withLog(log: Buffer, name = 'logs/console.log') {
  return { files: [{ name, title: 'console', kind: 'log' as const, digest: digestOf(log), bytes: log.length }] }
}

test('the files that are missing are asked for with a ticket; then the submission is in the log', async () => {
  await using s = await testServer()
  const text = submission(s.t.keys.alice, { cell: withLog(LOG) })
  const asked = await s.post(text)
  expect(asked).toMatchObject({ status: 409, body: { missing: [{ digest: digestOf(LOG) }] } })
  expect(await s.put(digestOf(LOG), LOG, asked.body['ticket'])).toBe(201)
  expect(await s.put(digestOf(LOG), LOG, asked.body['ticket'])).toBe(200)
  const accepted = await s.post(text)
  expect(accepted).toMatchObject({ status: 201, body: { seq: 1, submitter: 'alice', state: 'accepted' } })
  const again = await s.post(text)
  expect(again).toEqual({ status: 200, body: accepted.body })
  const state = (await (await s.get(`/api/v1/submissions/${String(accepted.body['id'])}`)).json()) as object
  expect(state).toMatchObject({ state: 'accepted', retractedBy: [] })
  const log = await s.get(`/api/v1/blobs/sha256/${digestOf(LOG).slice(7)}`)
  expect(await log.text()).toBe(LOG.toString())
  expect(Object.fromEntries(log.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  expect(log.headers.get('content-disposition')).toMatch(/^attachment/)
})

test('nobody uploads what no submission names, without a ticket, or more than it says', async () => {
  await using s = await testServer()
  const { body } = await s.post(submission(s.t.keys.alice, { cell: withLog(LOG) }))
  const other = Buffer.from('other')
  expect(await s.put(digestOf(other), other, body['ticket'])).toBe(403)
  expect(await s.put(digestOf(LOG), LOG, 'guessed')).toBe(401)
  expect(await s.put(digestOf(LOG), Buffer.concat([LOG, LOG]), body['ticket'])).toBe(413)
  expect(await s.put(digestOf(LOG), Buffer.from('x'.repeat(LOG.length)), body['ticket'])).toBe(422)
  s.t.clock.now += 2 * 3_600_000
  expect(await s.put(digestOf(LOG), LOG, body['ticket'])).toBe(401)
  expect((await s.get('/api/v1/blobs/sha256/..%2f..%2f..%2fetc%2fpasswd')).status).toBe(404)
  expect((await s.get(`/api/v1/blobs/sha256/${'z'.repeat(64)}`)).status).toBe(400)
})

test('a small body that becomes a large one is stopped at the limit', async () => {
  await using s = await testServer()
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  const before = process.memoryUsage().rss
  const response = await s.get('/api/v1/submissions', {
    method: 'POST',
    body: bomb,
    headers: { 'content-encoding': 'gzip' },
  })
  expect(response.status).toBe(413)
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  const twice = await s.get('/api/v1/submissions', {
    method: 'POST',
    body: gzipSync(bomb),
    headers: { 'content-encoding': 'gzip, gzip' },
  })
  expect(twice.status).toBe(400)
  const broken = await s.get('/api/v1/submissions', {
    method: 'POST',
    body: 'no gzip',
    headers: { 'content-encoding': 'gzip' },
  })
  expect(broken.status).toBe(400)
})

test('an envelope that is too large is refused before it is read', async () => {
  await using s = await testServer()
  const response = await s.post(`{"x":"${'y'.repeat(5 * 1024 * 1024)}"}`)
  expect(response.status).toBe(413)
})

test.each([
  ['no JSON', 'hello', 400],
  ['no envelope', '{"payload":1}', 400],
  ['a list', '[]', 400],
  ['nothing', '', 400],
  ['deep JSON', '['.repeat(100_000), 400],
])('a body that is %s is the fault of who sent it', async (_, body, status) => {
  await using s = await testServer()
  expect((await s.post(body)).status).toBe(status)
  expect(s.errors).toEqual([])
})

test('a submitter has a quota for a day', async () => {
  await using s = await testServer()
  const { writeFileSync } = await import('node:fs')
  const { registration } = await import('../archive/test-archive.ts')
  const more = "scopes: [{cells: 'lxd/*'}]\nquota: {submissionsPerDay: 2}"
  writeFileSync(`${s.t.folder}/submitters/alice.yaml`, registration('alice', s.t.keys.alice, more))
  await s.t.archive.loadSubmitters()
  for (const id of ['one', 'two']) expect((await s.post(submission(s.t.keys.alice, { run: { id } }))).status).toBe(201)
  const response = await s.get('/api/v1/submissions', {
    method: 'POST',
    body: submission(s.t.keys.alice, { run: { id: 'three' } }),
  })
  expect(response.status).toBe(429)
  expect(Number(response.headers.get('retry-after'))).toBe(86_400)
  expect((await s.post(submission(s.t.keys.alice, { run: { id: 'one' } }))).status).toBe(200)
  s.t.clock.now += 86_400_001
  expect((await s.post(submission(s.t.keys.alice, { run: { id: 'three' } }))).status).toBe(201)
})

test('one address that asks too often is told to wait, and others are not', async () => {
  await using s = await testServer({ limits: { readBurst: 5, readsPerSecond: 1 }, trustedProxies: ['127.0.0.1'] })
  const ask = (address: string) => s.get('/health', { headers: { 'x-forwarded-for': `6.6.6.6, ${address}` } })
  const first = await Promise.all(Array.from({ length: 8 }, () => ask('1.2.3.4')))
  expect(first.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(3)
  expect((await ask('5.6.7.8')).status).toBe(200)
})

test('who sends a request one byte at a time is cut off, and others are answered meanwhile', async () => {
  await using s = await testServer({ limits: { headersMs: 500, requestMs: 1_000 } })
  const slow = Array.from({ length: 30 }, () => connect(Number(new URL(s.url).port), '127.0.0.1'))
  const closed = slow.map((socket) => new Promise<void>((resolve) => socket.on('close', () => resolve())))
  for (const socket of slow) {
    socket.resume()
    socket.on('error', () => {})
    socket.write('POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\n')
  }
  const body = connect(Number(new URL(s.url).port), '127.0.0.1')
  body.on('error', () => {}).resume()
  closed.push(new Promise((resolve) => body.on('close', () => resolve())))
  body.write('POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{')
  expect((await s.get('/ready')).status).toBe(200)
  const all = Promise.all(closed)
  await waitUntil({ what: 'slow senders to be cut off', deadlineMs: 20_000 }, async () => {
    await all
    return { done: true, value: undefined }
  })
})

test('a refused submission can be asked about later', async () => {
  await using s = await testServer()
  const payload = payloadOf(results())
  await s.post(signed(payload, s.t.keys.alice))
  const other = payloadOf(results({ cell: { status: 'fail' } }))
  expect((await s.post(signed(other, s.t.keys.alice))).status).toBe(409)
  const state = (await (await s.get(`/api/v1/submissions/${digestOf(other)}`)).json()) as object
  expect(state).toMatchObject({
    state: 'rejected',
    status: 409,
    reason: expect.stringContaining('another content') as string,
  })
  expect((await s.get('/api/v1/submissions/sha256:0')).status).toBe(404)
})
