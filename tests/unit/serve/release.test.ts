import { expect, test } from 'vitest'
import { signed, submission } from '../archive/test-archive.ts'
import { at, decisionOf, issues } from './release-facts.ts'
import { testServer, type TestServer } from './test-server.ts'

interface Listed {
  items: Record<string, unknown>[]
  next?: string
}

/** Every page of a list, two at a time. */
async function pages(s: TestServer, path: string): Promise<Record<string, unknown>[][]> {
  const found: Record<string, unknown>[][] = []
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ limit: '2', ...(cursor === undefined ? {} : { cursor }) })
    const response = await s.get(`${path}${path.includes('?') ? '&' : '?'}${query.toString()}`)
    expect([path, response.status]).toEqual([path, 200])
    const { items, next } = (await response.json()) as Listed
    found.push(items)
    cursor = next
  } while (cursor !== undefined)
  return found
}

test('decisions are listed page by page, and each comes with what it takes to decide again', async () => {
  await using s = await testServer()
  await s.t.archive.accept(submission(s.t.keys.alice))
  const ids: string[] = []
  for (const name of ['one', 'two', 'three']) {
    s.t.clock.now += 60_000
    const { decision, payload } = await decisionOf(s.t, name)
    expect((await s.post(signed(payload, s.t.keys.alice))).status).toBe(201)
    ids.push(decision.id)
  }
  expect((await pages(s, '/api/v1/decisions')).map((page) => page.map(({ policy }) => policy))).toEqual([
    ['three', 'two'],
    ['one'],
  ])
  expect((await pages(s, '/api/v1/decisions?policy=two'))[0]).toMatchObject([
    { id: ids[1], verdict: 'no-go', missing: 1 },
  ])
  const first = await s.get(`/api/v1/decisions/${ids[0]}`)
  expect(await first.json()).toMatchObject({
    decision: { id: ids[0], missing: [{ subject: 'platform=ec2', reasons: ['no result'] }] },
    policyText: expect.stringContaining('id: one') as string,
  })
  const etag = first.headers.get('etag') ?? expect.fail('no ETag')
  expect((await s.get(`/api/v1/decisions/${ids[0]}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect((await s.get('/api/v1/decisions/sha256:0')).status).toBe(404)
  expect(await (await s.get('/images.json')).json()).toMatchObject({
    images: [{ decisions: [{ policy: 'three' }, { policy: 'two' }, { policy: 'one' }] }],
  })
})

test('known issues, where they were seen, and what nobody has explained', async () => {
  await using s = await testServer({ issues })
  expect(await pages(s, '/api/v1/issues')).toMatchObject([
    [
      { id: 'azure:disk', state: 'there', seen: 5, looked: 9, url: null },
      { id: 'time:late', state: 'not seen', firstSeen: null },
    ],
  ])
  expect((await pages(s, '/api/v1/issues?culprit=image')).flat()).toHaveLength(1)
  expect((await pages(s, '/api/v1/issues?state=gone')).flat()).toEqual([])
  expect(await (await s.get('/api/v1/issues/azure:disk')).json()).toMatchObject({ title: 'the disk', lastSeen: at(5) })
  expect((await s.get('/api/v1/issues/azure:none')).status).toBe(404)
  const seen = await pages(s, '/api/v1/incidents?issue=azure:disk')
  expect(seen.map((page) => page.map(({ id }) => id))).toEqual([['i5', 'i4'], ['i3', 'i2'], ['i1']])
  expect((await pages(s, '/api/v1/incidents?cell=azure/a')).flat().map(({ id }) => id)).toEqual(['i4', 'i2'])
  expect((await pages(s, '/api/v1/failure-groups')).map((page) => page.map(({ id }) => id))).toEqual([
    ['a', 'b'],
    ['c'],
  ])
  expect((await s.get('/api/v1/issues?cursor=AAAA')).status).toBe(400)
  const response = await s.get('/api/v1/incidents')
  const etag = response.headers.get('etag') ?? expect.fail('no ETag')
  expect((await s.get('/api/v1/incidents', { headers: { 'if-none-match': etag } })).status).toBe(304)
  const feed = await (await s.get('/feeds/issue/azure:disk')).text()
  expect(feed.match(/<entry>/g)).toHaveLength(5)
  expect(feed).not.toContain('<script>')
  expect((await s.get('/feeds/issue/nothing')).status).toBe(404)
  expect(s.errors).toEqual([])
})

test('a server without known issues says that there are none', async () => {
  await using s = await testServer()
  for (const path of ['issues', 'incidents', 'failure-groups'])
    expect(await (await s.get(`/api/v1/${path}`)).json()).toEqual({ items: [] })
})
