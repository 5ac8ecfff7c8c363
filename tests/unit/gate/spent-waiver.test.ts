import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decide } from '../../../src/gate/decision.ts'
import { parsePolicy } from '../../../src/gate/policy.ts'
import { readEvidence } from '../../../src/gate/read-evidence.ts'
import { waiverOf } from '../../../src/publish/waiver.ts'
import { retractionOf } from '../../../src/publish/retraction.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { check, IMAGE, registration, results, signed, testArchive, type TestArchive } from '../archive/test-archive.ts'

const HOUR = 3_600_000
const IMAGES = { name: 'debian-13', digest: IMAGE, basis: 'stored' } as const
const policy = (waivers = 'signed') =>
  parsePolicy(
    `id: p\nimages: ['*']\nrequire: [{name: boots, cells: {platform: lxd}, checks: [ssh-root], waivers: ${waivers}}]\n`,
    'p.yaml',
  )

/** Alice reports, and bob may waive. */
async function archive(): Promise<TestArchive> {
  const t = await testArchive()
  writeFileSync(
    `${t.folder}/submitters/bob.yaml`,
    registration('bob', t.keys.bob, "roles: [results, waivers]\nscopes: [{cells: 'lxd/*', images: 'debian-*'}]"),
  )
  await t.archive.loadSubmitters()
  return t
}

let runs = 0
async function report(t: TestArchive, status: 'pass' | 'fail' | 'miss' | 'skip', key: 'alice' | 'bob' = 'alice') {
  t.clock.now += HOUR
  const startedAt = new Date(t.clock.now).toISOString()
  const cell = { status, startedAt, checks: [check('ssh-root', status)] }
  const made = results({ run: { id: `run-${++runs}`, startedAt }, cell })
  return (await t.archive.accept(signed(payloadOf(made), t.keys[key]))).entry.id
}

async function waive(t: TestArchive, more: { checks?: string[]; missing?: boolean } = {}): Promise<string> {
  t.clock.now += HOUR
  const what = { checks: ['ssh-*'], cells: ['lxd/*'], images: ['debian-*'], missing: false, ...more }
  const payload = waiverOf(
    { ...what, reason: 'known', tracker: 'https://bugs.example.org/1', until: '2026-12-31' },
    new Date(t.clock.now),
  )
  return (await t.archive.accept(signed(payload, t.keys.bob))).entry.id
}

async function decided(t: TestArchive, seq?: number) {
  t.clock.now += HOUR
  const point = seq === undefined ? undefined : { seq, at: new Date(t.clock.now).toISOString() }
  return decide(policy(), await readEvidence(t.archive, IMAGES, point, () => t.clock.now))
}

test('a waiver excuses a failure until it has passed twice in a row; the next one counts', async () => {
  await using t = await archive()
  await report(t, 'fail')
  expect((await decided(t)).verdict).toBe('no-go')
  await waive(t)
  expect((await decided(t)).verdict).toBe('go')
  for (const status of ['pass', 'fail', 'pass', 'miss', 'skip', 'fail'] as const) await report(t, status)
  expect((await decided(t)).satisfied.at(-1)?.reasons.join()).toContain('waived by ssh-')
  for (const status of ['pass', 'skip', 'pass'] as const) await report(t, status)
  expect((await decided(t)).verdict).toBe('go')
  await report(t, 'fail')
  const after = await decided(t)
  expect([after.verdict, after.unsatisfied[0]?.reasons.join()]).toEqual([
    'no-go',
    expect.stringContaining('no longer excuses it: it passed twice since') as string,
  ])
  await waive(t)
  expect((await decided(t)).verdict).toBe('go')
})

test('passes of others, of before, and those that were taken back, end nothing', async () => {
  await using t = await archive()
  await report(t, 'pass')
  await report(t, 'pass')
  await waive(t)
  await report(t, 'fail')
  for (const _ of [1, 2]) await report(t, 'pass', 'bob')
  const wrong = await report(t, 'pass')
  await report(t, 'pass')
  await t.archive.accept(signed(retractionOf(wrong, 'the wrong image', new Date(t.clock.now)), t.keys.alice))
  await report(t, 'fail')
  expect((await decided(t)).verdict).toBe('go')
})

test('a decision of before is made again as it was', async () => {
  await using t = await archive()
  await waive(t)
  await report(t, 'fail')
  expect((await decided(t, 2)).verdict).toBe('go')
  for (const status of ['pass', 'pass', 'fail'] as const) await report(t, status)
  expect((await decided(t)).verdict).toBe('no-go')
  expect((await decided(t, 2)).verdict).toBe('go')
})

test('a waiver is ended by whom it is from, and counts no more', async () => {
  await using t = await archive()
  await report(t, 'fail')
  const id = await waive(t)
  expect((await decided(t)).verdict).toBe('go')
  const end = retractionOf(id, 'it is fixed', new Date(t.clock.now))
  await expect(t.archive.accept(signed(end, t.keys.alice))).rejects.toMatchObject({ status: 403 })
  await t.archive.accept(signed(end, t.keys.bob))
  expect((await decided(t)).verdict).toBe('no-go')
})

test.each([
  ['2026-11-19', /cannot last until 2026-11-19/],
  ['2027-02-19', /cannot last until/],
  ['soon', /cannot last until soon/],
  ['2026-13-40', /cannot last until/],
])('a waiver until %s is refused', (until, message) => {
  const what = { checks: ['a'], cells: ['*'], images: ['*'], missing: false, reason: 'r', tracker: 'https://x.example' }
  expect(() => waiverOf({ ...what, until }, new Date('2026-11-20T12:00:00Z'))).toThrow(message)
})

test('a waiver lasts to the end of its last day, 90 days at most, and masks secrets', () => {
  const what = { checks: ['reg-*'], cells: ['*'], images: ['*'], missing: true, tracker: 'https://x.example' }
  const reason = 'token ghp_0123456789abcdefghijABCDEFGHIJ012345 is in the log'
  const made = JSON.parse(
    waiverOf({ ...what, reason, until: '2027-02-18' }, new Date('2026-11-20T12:00:00Z')).toString(),
  ) as { predicate: Record<string, unknown> }
  expect(made.predicate).toMatchObject({ id: 'reg-20261120', missing: true, until: '2027-02-18T23:59:59.999Z' })
  expect(made.predicate['reason']).not.toContain('ghp_0123')
  const wrong = { ...what, reason: 'r', until: '2026-12-01', tracker: 'javascript:alert(1)' }
  expect(() => waiverOf(wrong, new Date('2026-11-20T12:00:00Z'))).toThrow(/the waiver is not valid: tracker/)
})
