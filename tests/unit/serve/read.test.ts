import { createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifyBytes } from '../../../src/publish/envelope.ts'
import { check, IMAGE, signed, submission } from '../archive/test-archive.ts'
import { decisionOf, issues } from './release-facts.ts'
import { testServer, type TestServer } from './test-server.ts'

async function filled(count = 5): Promise<TestServer> {
  const s = await testServer({ issues })
  for (let number = 0; number < count; number++) {
    s.t.clock.now += 1_000
    const status = number % 2 === 1 ? 'fail' : 'pass'
    const checks = [
      check('ssh-root', status, status === 'fail' ? { errors: [{ message: '<script>alert("x")</script>' }] } : {}),
    ]
    const startedAt = `2026-11-20T10:0${number}:00.000Z`
    await s.t.archive.accept(
      submission(s.t.keys.alice, { run: { id: `run-${number}` }, cell: { status, checks, startedAt } }),
    )
  }
  return s
}

test('a list is turned page by page, and what comes meanwhile does not move it', async () => {
  await using s = await filled()
  const ids: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < 10; page++) {
    const query = new URLSearchParams({ limit: '2', ...(cursor === undefined ? {} : { cursor }) })
    const body = (await (await s.get(`/api/v1/runs?${query.toString()}`)).json()) as {
      items: { runId: string }[]
      next?: string
    }
    ids.push(...body.items.map(({ runId }) => runId))
    if (page === 0) await s.t.archive.accept(submission(s.t.keys.alice, { run: { id: 'meanwhile' } }))
    cursor = body.next
    if (cursor === undefined) break
  }
  expect(ids).toEqual(['run-4', 'run-3', 'run-2', 'run-1', 'run-0'])
  expect((await s.get('/api/v1/runs?cursor=AAAA')).status).toBe(400)
  expect((await s.get('/api/v1/runs?limit=9999')).status).toBe(400)
  expect((await s.get('/api/v1/runs?colour=red')).status).toBe(400)
  expect((await s.get('/api/v1/runs', { method: 'DELETE' })).status).toBe(405)
})

test('an answer that did not change is not sent again', async () => {
  await using s = await filled(1)
  const first = await s.get('/api/v1/runs')
  const etag = first.headers.get('etag') ?? expect.fail('no ETag')
  expect((await s.get('/api/v1/runs', { headers: { 'if-none-match': etag } })).status).toBe(304)
  await s.t.archive.accept(submission(s.t.keys.alice, { run: { id: 'next' } }))
  expect((await s.get('/api/v1/runs', { headers: { 'if-none-match': etag } })).status).toBe(200)
  const head = await s.get('/api/v1/runs', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect(first.headers.get('access-control-allow-origin')).toBe('*')
})

test('the description of the API names every address, and every answer fits it', async () => {
  await using s = await filled(2)
  const { decision, payload } = await decisionOf(s.t, 'release')
  await s.t.archive.accept(signed(payload, s.t.keys.alice))
  const api = (await (await s.get('/api/v1/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, Record<string, unknown>>
    components: { schemas: Record<string, object> }
  }
  expect(api.openapi).toBe('3.1.0')
  expect(Object.keys(api.components.schemas).sort()).toMatchInlineSnapshot(`
    [
      "Approval",
      "CellRun",
      "CellRunDetail",
      "Decision",
      "DecisionDetail",
      "FailureGroup",
      "File",
      "Finding",
      "Image",
      "Incident",
      "Issue",
      "Problem",
      "Run",
      "Submission",
      "Submitter",
      "Waiver",
    ]
  `)
  const refs = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1])
  for (const ref of refs) expect(api.components.schemas).toHaveProperty(ref ?? '')
  const { apiRoutes } = await import('../../../src/serve/api-routes.ts')
  const runs = (await (await s.get('/api/v1/runs')).json()) as { items: { submission: string }[] }
  const results = (await (await s.get('/api/v1/cell-runs')).json()) as { items: { uid: string }[] }
  const values: Record<string, string> = {
    submission: runs.items[0]?.submission ?? '',
    uid: results.items[0]?.uid ?? '',
    id: runs.items[0]?.submission ?? '',
    digest: IMAGE,
    seq: '1',
    decision: decision.id,
    issue: 'azure:disk',
    image: 'debian-13',
    cell: 'lxd/debian-13/default/container',
  }
  for (const route of apiRoutes) {
    if (route.method !== 'GET' || route.path.includes('{hex}')) continue
    const path = route.path.replaceAll(/\{(\w+)\*?\}/g, (_, name: string) => values[name] ?? '')
    const response = await s.get(path)
    expect(response.status, path).toBe(200)
    const text = await response.text()
    if (route.reply) expect(route.reply.safeParse(JSON.parse(text)).error, path).toBeUndefined()
    expect(api.paths, route.path).toHaveProperty([route.path.replaceAll('*}', '}')])
  }
  expect(s.errors).toEqual([])
})

test('a run in the forms of others', async () => {
  await using s = await filled(2)
  const { items } = (await (await s.get('/api/v1/runs?status=fail')).json()) as { items: { submission: string }[] }
  const base = `/api/v1/runs/${items[0]?.submission}`
  const junit = await (await s.get(`${base}/junit.xml`)).text()
  expect(junit).toContain('failures="1"')
  expect(junit).not.toContain('<script>')
  expect(await (await s.get(`${base}/results.tap`)).text()).toBe(`TAP version 14
1..1
not ok 1 - lxd/debian-13/default/container policy/ssh-root first-boot
  ---
  status: fail
  message: "<script>alert(\\"x\\")</script>"
  ...
`)
  const feed = await (await s.get('/feeds/cell/lxd/debian-13/default/container')).text()
  expect(feed).toContain('<title type="text">fail: lxd/debian-13/default/container 20261120</title>')
  expect(feed.match(/<entry>/g)).toHaveLength(2)
})

test('a badge is the worst of what it stands for, and never green for what nobody judged', async () => {
  await using s = await filled(2)
  const word = async (query: string) => {
    const body = (await (await s.get(`/badge.json?${query}`)).json()) as { message: string }
    return body.message
  }
  expect(await word('cell=lxd/*')).toBe('fail')
  expect(await word('cell=azure/*')).toBe('missing')
  await s.t.archive.accept(
    submission(s.t.keys.alice, { run: { id: 'good' }, cell: { startedAt: '2026-11-20T11:00:00.000Z' } }),
  )
  expect(await word('cell=lxd/*')).toBe('pass')
  s.t.clock.now += 15 * 86_400_000
  expect(await word('cell=lxd/*')).toBe('stale')
  const svg = await s.get(`/badge.svg?label=${encodeURIComponent('"><script>')}`)
  expect(svg.headers.get('content-type')).toBe('image/svg+xml')
  expect(await svg.text()).not.toContain('<script')
})

test('the index of images is signed by the archive, and the same bytes as long as nothing comes', async () => {
  await using s = await filled(1)
  const text = await (await s.get('/images.json')).text()
  const envelope = (await (await s.get('/images.json.dsse')).json()) as {
    payload: string
    payloadType: string
    signatures: { sig: string }[]
  }
  const payload = Buffer.from(envelope.payload, 'base64')
  expect(payload.toString()).toBe(text)
  const { key } = (await (await s.get('/api/v1/head')).json()) as { key: string }
  const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
  const [signature] = envelope.signatures
  expect(verifyBytes(payload, signature?.sig ?? '', publicKey, envelope.payloadType)).toBe(true)
  expect(
    verifyBytes(Buffer.from(text.replace('f00', 'f01')), signature?.sig ?? '', publicKey, envelope.payloadType),
  ).toBe(false)
  expect(JSON.parse(text)).toMatchObject({
    images: [{ digest: IMAGE, refs: [{ platform: 'lxd', id: 'f00' }], cells: { pass: 1 } }],
  })
})

test('a server says how it is, and lets open requests end when it stops', async () => {
  const s = await filled(1)
  expect(await (await s.get('/health')).json()).toEqual({ status: 'ok' })
  expect(await (await s.get('/ready')).json()).toMatchObject({ status: 'ok', seq: 1, database: 'sqlite' })
  expect(await (await s.get('/metrics')).text()).toMatch(/^harness_log_head 1$/m)
  const response = await s.get('/api/v1/dump.ndjson')
  const [text] = await Promise.all([response.text(), s[Symbol.asyncDispose]()])
  expect(text).toContain('{"table":"approval"}')
  await expect(s.get('/health')).rejects.toThrow(/fetch failed/)
})

test('a server does not start without real keys', async () => {
  const { testArchive, registration } = await import('../archive/test-archive.ts')
  const { writeFileSync, rmSync, chmodSync } = await import('node:fs')
  await using t = await testArchive()
  const path = `${t.folder}/submitters/alice.yaml`
  const example = { ...t.keys.alice, publicKey: 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' }
  for (const [key, message] of [
    [example, /the key of alice is the one of the documentation/],
    [t.archive.key, /registered with the key of the archive/],
  ] as const) {
    writeFileSync(path, registration('alice', key))
    await t.archive.loadSubmitters()
    await expect(testServer({}, t)).rejects.toThrow(message)
  }
  rmSync(path)
  rmSync(`${t.folder}/submitters/bob.yaml`)
  await t.archive.loadSubmitters()
  await expect(testServer({}, t)).rejects.toThrow(/nobody is registered/)
  chmodSync(`${t.folder}/keys/archive.pem`, 0o644)
  await expect(t.reopen()).rejects.toThrow(/can be read by others/)
  rmSync(`${t.folder}/keys/archive.pem`)
  const { Archive } = await import('../../../src/archive/archive.ts')
  await expect(Archive.open({ folder: t.folder })).rejects.toThrow(/there is no key/)
})
