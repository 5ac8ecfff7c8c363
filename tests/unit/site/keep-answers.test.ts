import { expect, test } from 'vitest'
import { keepAnswers } from '../../../src/site/keep-answers.ts'
import type { SiteAnswer } from '../../../src/site/site.ts'

function counted(change: Partial<SiteAnswer> = {}) {
  const made: string[] = []
  const answer = async (path: string): Promise<SiteAnswer> => {
    const number = made.push(path)
    await Promise.resolve()
    if (path === '/broken/') throw new Error('it broke')
    return { status: 200, type: 'text/html', body: `${path} ${number}`, forever: false, ...change }
  }
  return { made, answer }
}

test('a page is made once for all who ask at once and within seconds, and anew when something came', async () => {
  const { made, answer } = counted()
  const clock = { now: 0, version: 'a' }
  const kept = keepAnswers(answer, { version: async () => clock.version, keepMs: 100, now: () => clock.now })
  const all = await Promise.all([kept('/'), kept('/'), kept('/images/')])
  expect(all.map(({ body }) => body)).toEqual(['/ 1', '/ 1', '/images/ 2'])
  clock.now = 99
  expect((await kept('/')).body).toBe('/ 1')
  clock.now = 100
  expect((await kept('/')).body).toBe('/ 3')
  clock.version = 'b'
  expect((await kept('/')).body).toBe('/ 4')
  expect(made).toHaveLength(4)
})

test('what is not there, what never changes, and what broke is not kept', async () => {
  for (const change of [{ status: 404 as const }, { forever: true }]) {
    const { made, answer } = counted(change)
    const kept = keepAnswers(answer, { version: async () => 'a', now: () => 0 })
    await kept('/x/')
    await kept('/x/')
    expect(made).toHaveLength(2)
  }
  const { made, answer } = counted()
  const kept = keepAnswers(answer, { version: async () => 'a', now: () => 0 })
  await expect(kept('/broken/')).rejects.toThrow('it broke')
  await expect(kept('/broken/')).rejects.toThrow('it broke')
  expect(made).toHaveLength(2)
})

test('the oldest pages go when there is no room', async () => {
  const { made, answer } = counted({ body: 'x'.repeat(10) })
  const kept = keepAnswers(answer, { version: async () => 'a', now: () => 0, mostBytes: 25 })
  for (const path of ['/a/', '/b/', '/c/']) await kept(path)
  await kept('/b/')
  await kept('/c/')
  expect(made).toEqual(['/a/', '/b/', '/c/'])
  await kept('/a/')
  expect(made).toEqual(['/a/', '/b/', '/c/', '/a/'])
})
