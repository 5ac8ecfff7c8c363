import { expect, test } from 'vitest'
import { servedPages } from '../../../src/cli/site-of.ts'
import { Site } from '../../../src/site/index.ts'
import type { Reply } from '../../../src/serve/reply.ts'
import { modelArchive, NOW } from '../../fixtures/site/model-archive.ts'

function textOf(reply: Reply | undefined): string {
  return typeof reply?.body === 'string' ? reply.body : ''
}

test('a server answers pages with a policy that forbids scripts, and nothing but reads', async () => {
  await using archive = await modelArchive({ images: ['debian-12'], builds: 1 })
  const pages = await servedPages(new Site(archive, { harness: '0.1.0', now: () => NOW }), archive)
  const ask = async (path: string, method = 'GET') =>
    await pages({
      method,
      path,
      query: new URLSearchParams(),
      header: () => undefined,
      address: '127.0.0.1',
      body: () => Promise.resolve(Buffer.alloc(0)),
    })
  const home = await ask('/')
  expect(home).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  const policy = home?.headers?.['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'; style-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('script-src')
  expect(await ask('/', 'POST')).toBeUndefined()
  expect(await ask('/coverage')).toMatchObject({ status: 301, headers: { location: './coverage/' } })
  expect(await ask('/nothing/')).toMatchObject({ status: 404 })
  const [, log = ''] = / href="[./]*(log\/[0-9a-f]{64}\.txt)"/.exec(textOf(await firstResult())) ?? []
  expect(await ask(`/${log}`)).toMatchObject({
    status: 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': expect.stringContaining('immutable') as string,
    },
  })

  async function firstResult() {
    const cell = textOf(await ask('/cell/lxd/debian-12/small/container/'))
    const [, result = ''] = /(result\/[0-9a-f]+\/)/.exec(cell) ?? []
    return await ask(`/${result}`)
  }
})
