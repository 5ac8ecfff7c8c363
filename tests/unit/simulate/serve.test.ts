import { expect, test } from 'vitest'
import { serve } from '../../../src/simulate/serve.ts'

test('an API hears method, path, headers and body, and answers', async () => {
  await using served = await serve(async ({ method, url, headers, body }) => ({
    status: 201,
    headers: { 'x-id': headers['x-id'] ?? '' },
    body: `${method} ${url.pathname}${url.search} ${body.toString()}`,
  }))
  const answer = await fetch(`${served.endpoint}/a/b?c=d`, { method: 'PUT', headers: { 'x-id': '7' }, body: 'text' })
  expect([answer.status, answer.headers.get('x-id'), await answer.text()]).toEqual([201, '7', 'PUT /a/b?c=d text'])
})

test('a bug of the simulator is told, not hidden', async () => {
  await using served = await serve(async () => {
    throw new Error('a bug')
  })
  const answer = await fetch(served.endpoint)
  expect(answer.status).toBe(500)
  expect(await answer.text()).toContain('a bug')
})

test('a reply can be lost', async () => {
  let done = 0
  await using served = await serve(async () => {
    done++
    return 'cut'
  })
  await expect(fetch(served.endpoint)).rejects.toThrow('fetch failed')
  expect(done).toBe(1)
})

test('a body that is too large is refused', async () => {
  await using served = await serve(async () => ({ status: 200 }), { maxBody: 10 })
  expect((await fetch(served.endpoint, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413)
})
