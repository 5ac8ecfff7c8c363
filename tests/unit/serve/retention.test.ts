import { expect, test } from 'vitest'
import { waitUntil } from '../../../src/core/wait-until.ts'
import type { RetentionReport } from '../../../src/archive/index.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { submission, testArchive, type TestArchive } from '../archive/test-archive.ts'
import { testServer } from './test-server.ts'

const DAY = 86_400_000

async function submitOld(t: TestArchive, run: string, build: string): Promise<string> {
  const bytes = Buffer.from(`the log of ${run}`)
  const digest = digestOf(bytes)
  await t.archive.blobs.put(digest, bytes)
  const file = { name: 'console.log', title: 'console', kind: 'log' as const, digest, bytes: bytes.length }
  await t.archive.accept(submission(t.keys.alice, { run: { id: run }, cell: { files: [file] }, build }))
  return digest
}

const until = (what: string, done: () => Promise<boolean>) =>
  waitUntil({ what, deadlineMs: 30_000, intervalMs: 10 }, async () =>
    (await done()) ? { done: true, value: undefined } : { done: false, saw: 'not yet' },
  )

test('a server removes what is old, tells how much, and goes on taking submissions', async () => {
  await using t = await testArchive()
  await submitOld(t, 'first', '20261119')
  const log = await submitOld(t, 'second', '20261120')
  const rounds: RetentionReport[] = []
  await using s = await testServer({ retention: { everyMs: 10, onRound: (report) => rounds.push(report) } }, t)
  await until('a round', async () => rounds.length > 0)
  expect(rounds[0]).toMatchObject({ logs: 0, rows: 0 })
  expect((await s.get(`/api/v1/blobs/sha256/${log.slice(7)}`)).status).toBe(200)
  t.clock.now += 20 * DAY
  await until('the log to be removed', async () => !(await t.archive.blobs.has(log)))
  const gone = await s.get(`/api/v1/blobs/sha256/${log.slice(7)}`)
  expect([gone.status, ((await gone.json()) as { tombstone: { digest: string } }).tombstone.digest]).toEqual([410, log])
  expect((await s.post(submission(t.keys.alice, { run: { id: 'third' } }))).status).toBe(201)
  await until('the metrics', async () =>
    (await (await s.get('/metrics')).text()).includes('harness_retention_removed_total{what="logs"} 1\n'),
  )
  expect(s.errors).toEqual([])
})

test('a round that fails is told, and the next one tries again', async () => {
  await using t = await testArchive()
  let asked = 0
  const keep = async () => {
    if (++asked === 1) throw new Error('the issues cannot be read')
    return new Set<string>()
  }
  let rounds = 0
  await using s = await testServer({ retention: { everyMs: 10, keep, onRound: () => void rounds++ } }, t)
  await until('a round', async () => rounds > 0)
  expect(s.errors).toEqual(['nothing more is removed in this round: the issues cannot be read'])
})

test('without being asked a server removes nothing', async () => {
  await using t = await testArchive()
  await submitOld(t, 'first', '20261119')
  const log = await submitOld(t, 'second', '20261120')
  t.clock.now += 1_000 * DAY
  await using s = await testServer({}, t)
  expect((await s.get('/health')).status).toBe(200)
  expect(await (await s.get('/metrics')).text()).not.toContain('retention')
  expect(await t.archive.blobs.has(log)).toBe(true)
})
