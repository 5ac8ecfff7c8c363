import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/archive/database/open-database.ts'
import { dump } from '../../../src/archive/dump.ts'
import { applyRetention, findCellRun, listCellRuns, proveArchive, rebuild } from '../../../src/archive/index.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { retractionOf } from '../../../src/publish/retraction.ts'
import { PREDICATES, subjectsOf } from '../../../src/publish/statement.ts'
import { waiverOf } from '../../../src/publish/waiver.ts'
import { check, NOW, signed, submission, testArchive, type TestArchive } from './test-archive.ts'

const DAY = 86_400_000

async function submitBuild(t: TestArchive, day: string, log: string, digest = 'a'): Promise<string> {
  const bytes = Buffer.from(log)
  await t.archive.blobs.put(digestOf(bytes), bytes)
  t.clock.now = Date.parse(`${day}T12:00:00Z`)
  const file = {
    name: 'console.log',
    title: 'console',
    kind: 'log' as const,
    digest: digestOf(bytes),
    bytes: bytes.length,
  }
  const startedAt = `${day}T10:00:00.000Z`
  const cell = {
    files: [file],
    startedAt,
    status: 'fail' as const,
    checks: [check('a', 'fail'), check('b', 'pass')],
    digest: `sha256:${digest.repeat(64)}`,
  }
  const text = submission(t.keys.alice, { run: { id: `run-${day}`, startedAt }, cell, build: day.replaceAll('-', '') })
  await t.archive.accept(text)
  return digestOf(bytes)
}

async function dumped(sql: Parameters<typeof dump>[0]): Promise<string> {
  let text = ''
  for await (const line of dump(sql)) text += line
  return text
}

/** 2026-06-01 is a Monday and the first of its month. */
const DAYS = ['2026-06-01', '2026-06-02', '2026-06-08', '2026-06-09'] as const

test('the first build of a month and of a week are kept longer; what goes leaves a tombstone', async () => {
  await using t = await testArchive()
  const logs: Record<string, string> = {}
  for (const [index, day] of DAYS.entries()) logs[day] = await submitBuild(t, day, `log of ${day}`, 'abcd'[index])
  const present = async () =>
    (await Promise.all(DAYS.map(async (day) => ((await t.archive.blobs.has(logs[day] ?? '')) ? day : '')))).filter(
      Boolean,
    )
  t.clock.now = Date.parse('2026-06-30T00:00:00Z')
  const dry = await applyRetention(t.archive, { now: t.clock.now, dryRun: true })
  expect(dry).toMatchObject({ classes: { daily: 2, weekly: 1, monthly: 1, release: 0, referenced: 0 }, logs: 2 })
  expect(await present()).toEqual([...DAYS])
  expect(await applyRetention(t.archive, { now: t.clock.now })).toEqual(dry)
  expect(await present()).toEqual(['2026-06-01', '2026-06-08'])
  expect(await t.archive.blobs.tombstone(logs['2026-06-02'] ?? '')).toMatchObject({
    digest: logs['2026-06-02'],
    reason: 'older than logs are kept',
  })
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ logs: 0, freed: 0 })
  await applyRetention(t.archive, { now: Date.parse('2026-10-01') })
  expect(await present()).toEqual(['2026-06-01'])
  await expect(t.archive.blobs.put(logs['2026-06-02'] ?? '', Buffer.from('log of 2026-06-02'))).rejects.toThrow(
    /was removed/,
  )
})

test('judgements and rows go later, and a database made anew from the files has the same', async () => {
  await using t = await testArchive()
  for (const day of DAYS) await submitBuild(t, day, 'the same log')
  t.clock.now = Date.parse('2026-09-01')
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ checks: 2, rows: 0 })
  const same = async () => {
    await using fresh = await openDatabase(':memory:')
    await rebuild(t.folder, fresh)
    expect(await dumped(fresh)).toBe(await dumped(t.archive.sql))
  }
  await same()
  const { items } = await listCellRuns(t.archive, { build: '20260602' })
  const found = await findCellRun(t.archive, items[0]?.uid ?? '')
  expect(found?.detail.checks).toBeUndefined()
  expect(found?.row).toMatchObject({ pass: 1, fail: 1 })
  // A submission that is over waits for others, so that the database is not made anew every day.
  t.clock.now = Date.parse('2027-07-15')
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ rows: 0 })
  t.clock.now = Date.parse('2027-12-01')
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ rows: 2 })
  expect((await listCellRuns(t.archive)).items.map(({ build }) => build)).toEqual(['20260608', '20260601'])
  await same()
  expect(await proveArchive(t.folder)).toMatchObject({ submissions: 4 })
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ rows: 0, checks: 0 })
  await same()
})

test.each(['the files', 'the database'])(
  'a round that ends before %s are done is finished by the next one',
  async (what) => {
    await using t = await testArchive()
    for (const day of DAYS) await submitBuild(t, day, 'the same log')
    const same = async () => {
      await using fresh = await openDatabase(':memory:')
      await rebuild(t.folder, fresh)
      expect(await dumped(t.archive.sql)).toBe(await dumped(fresh))
    }
    // Judgements are over on the first of these days, rows on the second.
    for (const now of ['2026-09-01', '2027-12-01']) {
      t.clock.now = Date.parse(now)
      const { sql, logFiles } = t.archive
      const [transaction, replace] = [sql.transaction.bind(sql), logFiles.replace.bind(logFiles)]
      const dies = async () => {
        throw new Error('killed here')
      }
      if (what === 'the files') logFiles.replace = dies
      else sql.transaction = dies
      await expect(applyRetention(t.archive, { now: t.clock.now })).rejects.toThrow('killed here')
      sql.transaction = transaction
      logFiles.replace = replace
      await applyRetention(t.archive, { now: t.clock.now })
      await same()
      expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({ checks: 0, rows: 0 })
    }
    expect((await listCellRuns(t.archive)).items.map(({ build }) => build)).toEqual(['20260608', '20260601'])
  },
)

test('what was approved stays', async () => {
  await using t = await testArchive()
  const old = await submitBuild(t, '2026-06-02', 'approved', 'a')
  await submitBuild(t, '2026-06-01', 'monthly', 'b')
  const image = `sha256:${'a'.repeat(64)}`
  const predicate = {
    decision: `sha256:${'d'.repeat(64)}`,
    verdict: 'go',
    image,
    approver: 'Alice',
    at: '2026-06-03T00:00:00Z',
  }
  const subject = subjectsOf([{ name: 'debian-13', digest: image }])
  const approval = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType: PREDICATES.approval, predicate }
  await t.archive.accept(signed(approval, t.keys.alice))
  t.clock.now = NOW + 400 * DAY
  expect(await applyRetention(t.archive, { now: t.clock.now })).toMatchObject({
    classes: { release: 1, referenced: 0, monthly: 1 },
  })
  expect(await t.archive.blobs.has(old)).toBe(true)
})

test('when space is short the oldest logs go first, and those that are referenced never', async () => {
  await using t = await testArchive()
  const logs = [] as string[]
  for (const [index, day] of DAYS.entries())
    logs.push(await submitBuild(t, day, `${day} ${'x'.repeat(100 * (index + 1))}`))
  const size = (await t.archive.blobs.size(logs[3] ?? '')) ?? 0
  const { logs: removed } = await applyRetention(t.archive, { now: t.clock.now, mostBytes: size + 1 })
  expect(removed).toBe(3)
  expect(await t.archive.blobs.has(logs[3] ?? '')).toBe(true)
  expect(readFileSync(`${t.folder}/archive.db`).length).toBeGreaterThan(0)
})

test('what a waiver that lasts is about, and what a known issue rests on, stays as long', async () => {
  await using t = await testArchive()
  const [, day] = DAYS
  const log = await submitBuild(t, day, 'waived')
  const other = await submitBuild(t, DAYS[3], 'of an issue', 'b')
  const { items } = await listCellRuns(t.archive, { build: '20260609' })
  const keep = new Set(items.map(({ uid }) => uid))
  t.clock.now = Date.parse('2026-06-10')
  const what = { checks: ['a'], cells: ['lxd/*'], images: ['debian-13'], missing: false }
  const payload = waiverOf(
    { ...what, reason: 'known', tracker: 'https://x.example', until: '2026-09-01' },
    new Date(t.clock.now),
  )
  const { entry } = await t.archive.accept(signed(payload, t.keys.alice))
  const present = async () => [await t.archive.blobs.has(log), await t.archive.blobs.has(other)]
  const later = Date.parse('2026-08-20')
  expect((await applyRetention(t.archive, { now: later })).classes).toMatchObject({ referenced: 2 })
  await t.archive.accept(signed(retractionOf(entry.id, 'fixed', new Date(t.clock.now)), t.keys.alice))
  expect((await applyRetention(t.archive, { now: later, keep, mostBytes: 0 })).classes).toMatchObject({ referenced: 1 })
  expect(await present()).toEqual([false, true])
  await applyRetention(t.archive, { now: later, mostBytes: 0 })
  expect(await present()).toEqual([false, false])
})

test('uploads that no submission named, and those that did not end, go after a week', async () => {
  await using t = await testArchive()
  const named = await submitBuild(t, '2026-11-19', 'named')
  const put = async (text: string) => {
    const digest = digestOf(text)
    await t.archive.blobs.put(digest, Buffer.from(text))
    return digest
  }
  const stray = await put('never named')
  const path = (digest: string) => join(t.folder, 'blobs/sha256', digest.slice(7, 9), `${digest.slice(7)}.gz`)
  const half = `${path(stray)}.1-ab.tmp`
  writeFileSync(half, 'half')
  const uploaded = new Date('2026-11-19T12:00:00Z')
  for (const file of [path(stray), path(named), half]) utimesSync(file, uploaded, uploaded)
  const round = (days: number, dryRun = false) =>
    applyRetention(t.archive, { now: uploaded.getTime() + days * DAY, dryRun })
  expect(await round(6)).toMatchObject({ strays: 0 })
  expect(await round(8, true)).toMatchObject({ strays: 2 })
  expect(existsSync(half)).toBe(true)
  expect(await round(8)).toMatchObject({ strays: 2 })
  expect([existsSync(half), await t.archive.blobs.has(stray), await t.archive.blobs.has(named)]).toEqual([
    false,
    false,
    true,
  ])
  expect(await put('never named')).toBe(stray)
})
