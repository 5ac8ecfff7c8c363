import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/archive/database/open-database.ts'
import { refuseOverQuota } from '../../../src/archive/quota.ts'
import { dump } from '../../../src/archive/dump.ts'
import {
  applyRetention,
  archiveHead,
  buildsOf,
  findCellRun,
  findDecision,
  findImage,
  findRun,
  listCellRuns,
  listCells,
  listDecisions,
  listFindings,
  listImageNames,
  listSubmitters,
  listWaivers,
  newestOfCells,
  packagesOf,
  passedTwice,
  readGrid,
  readLog,
  rebuild,
  workOfWaivers,
} from '../../../src/archive/index.ts'
import { waiverOf } from '../../../src/publish/waiver.ts'
import { decisionOf } from '../serve/release-facts.ts'
import { check, IMAGE, signed, submission, type TestArchive } from './test-archive.ts'

/** What an archive is asked to keep true, whatever its database is. */
export interface ArchiveMaker {
  make: () => Promise<TestArchive>
  /** Where a new database can be. */
  newDatabase: (folder: string) => Promise<string>
}

async function dumped(sql: Parameters<typeof dump>[0]): Promise<string> {
  let text = ''
  for await (const line of dump(sql)) text += line
  return text
}

/** The tests that every database has to pass. */
export function archiveContract({ make, newDatabase }: ArchiveMaker): void {
  test('what is submitted can be asked for', async () => {
    await using t = await make()
    const failing = { status: 'fail' as const, checks: [check('ssh-root', 'fail'), check('boot-time', 'pass')] }
    const { entry, repeated } = await t.archive.accept(submission(t.keys.alice, { cell: failing }))
    expect(repeated).toBe(false)
    expect(entry).toMatchObject({ seq: 1, submitter: 'alice', receivedAt: t.clock.now })
    const found = await findRun(t.archive, entry.id)
    expect(found?.run).toMatchObject({ runId: '20261120-100000-abcd', status: 'fail', state: 'accepted', cells: 1 })
    const [cell] = found?.cells ?? []
    expect(cell).toMatchObject({ status: 'fail', pass: 1, fail: 1, bootMs: 9_000, build: '20261120', digest: IMAGE })
    const whole = await findCellRun(t.archive, cell?.uid ?? '')
    expect(whole?.detail.checks?.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'ssh-root fail',
      'boot-time pass',
    ])
    const { items } = await listFindings(t.archive, { check: 'ssh-root' })
    expect(items.map(({ excerpt }) => excerpt)).toEqual(['ssh-root does not hold\nexpected: no\nactual: yes'])
    expect(await listImageNames(t.archive)).toMatchObject([{ name: 'debian-13', builds: 1 }])
    expect(await buildsOf(t.archive, 'debian-13')).toMatchObject([
      { build: '20261120', builtAt: Date.parse('2026-11-20') },
    ])
    expect(await packagesOf(t.archive, IMAGE, 'debian-13')).toMatchObject([{ name: 'cloud-init', version: '25.1' }])
    expect((await findImage(t.archive, IMAGE)).refs).toMatchObject([{ platform: 'lxd', ref: 'f00' }])
    const grid = await readGrid(t.archive, 'debian-13')
    expect(grid.newest.get('lxd/debian-13/default/container')?.get('20261120')?.status).toBe('fail')
    expect((await newestOfCells(t.archive, { image: 'debian-13' })).map(({ uid }) => uid)).toEqual([cell?.uid])
    expect(await listSubmitters(t.archive)).toMatchObject([
      { id: 'alice', submissions: 1, lastAt: t.clock.now },
      { id: 'bob', submissions: 0, lastAt: null },
    ])
  })

  test('the same payload again changes nothing and gives the first answer', async () => {
    await using t = await make()
    const first = await t.archive.accept(submission(t.keys.alice))
    const before = await dumped(t.archive.sql)
    t.clock.now += 60_000
    const again = await t.archive.accept(submission(t.keys.alice))
    expect(again).toEqual({ entry: first.entry, repeated: true })
    expect(await dumped(t.archive.sql)).toBe(before)
  })

  test('a run is replaced only by one that says so, and both stay to be seen', async () => {
    await using t = await make()
    const first = await t.archive.accept(submission(t.keys.alice))
    await expect(t.archive.accept(submission(t.keys.alice, { cell: { status: 'fail' } }))).rejects.toThrow(
      /is there with another content/,
    )
    const corrects = { status: 'fail' as const }
    const next = await t.archive.accept(submission(t.keys.alice, { cell: corrects, run: { corrects: first.entry.id } }))
    expect((await findRun(t.archive, first.entry.id))?.run.state).toBe('retracted')
    expect((await findRun(t.archive, next.entry.id))?.run.state).toBe('accepted')
    const { items } = await listCellRuns(t.archive, { cell: 'lxd/debian-13/default/container' })
    expect(items.map(({ state, status }) => `${state} ${status}`).sort()).toEqual(['accepted fail', 'retracted pass'])
    expect((await newestOfCells(t.archive)).map(({ status }) => status)).toEqual(['fail'])
  })

  test('the log is a chain, and a database made anew from the files is the same', async () => {
    await using t = await make()
    for (let day = 1; day <= 5; day++) {
      t.clock.now += 1000
      const run = { id: `run-${day}` }
      const cell = {
        status: day % 2 ? ('pass' as const) : ('fail' as const),
        checks: [check('a', day % 2 ? 'pass' : 'fail')],
      }
      await t.archive.accept(submission(t.keys.alice, { run, cell, build: `2026111${day}` }))
    }
    const { items } = await readLog(t.archive, {})
    expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    for (const [index, entry] of items.entries()) if (index > 0) expect(entry.prev).toBe(items[index - 1]?.hash)
    await using fresh = await openDatabase(await newDatabase(t.folder))
    expect(await rebuild(t.folder, fresh)).toEqual({ submissions: 5, head: (await archiveHead(t.archive)).hash })
    expect(await dumped(fresh)).toBe(await dumped(t.archive.sql))
    expect(readdirSync(join(t.folder, 'spool'))).toEqual([])
  })

  test('an envelope that nobody known signed is refused', async () => {
    await using t = await make()
    await expect(t.archive.accept(submission(t.archive.key))).rejects.toMatchObject({ status: 401 })
    await expect(t.archive.accept(submission(t.keys.bob))).rejects.toMatchObject({
      status: 403,
      message: 'bob may not submit about cell lxd/debian-13/default/container with image debian-13',
    })
    await expect(t.archive.accept(signed({ hello: 1 }, t.keys.alice))).rejects.toMatchObject({ status: 422 })
  })

  test('texts of guests come back as they were sent, whatever is in them', async () => {
    await using t = await make()
    const texts = [
      "'; DROP TABLE run; --",
      '\\ \\\\ % _ ?',
      '\u{1F600} \u00e9 \u4e2d',
      '"quoted" $1 ${x}',
      '\ud800 lone',
    ]
    const checks = texts.map((message, index) => check(`c-${index}`, 'fail', { errors: [{ message }], title: message }))
    await t.archive.accept(submission(t.keys.alice, { cell: { status: 'fail', checks } }))
    const { items } = await listFindings(t.archive)
    expect(new Set(items.map(({ title }) => title))).toEqual(new Set(texts.map((text) => text.toWellFormed())))
    const [row] = (await listCellRuns(t.archive)).items
    const found = await findCellRun(t.archive, row?.uid ?? '')
    expect(found?.detail.checks?.map(({ title }) => title)).toEqual(texts.map((text) => text.toWellFormed()))
  })

  test('lists have the same order and the same pages everywhere', async () => {
    await using t = await make()
    const names = ['B', 'a', 'Z', '_', 'é', '10', '9'].map((name, index) => ({
      name: name.replace(/[^A-Za-z0-9]/, 'x'),
      index,
    }))
    for (const { name, index } of names) {
      t.clock.now += 1
      const id = `lxd/debian-13/${name}-${index}/container`
      await t.archive.accept(submission(t.keys.alice, { run: { id: `r${index}` }, cell: { id } }))
    }
    const ids: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await listCells(t.archive, { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      ids.push(...page.items.map(({ id }) => id))
      if (page.next === undefined) break
      cursor = page.next
    }
    expect(ids).toEqual([...ids].sort())
    expect(ids).toHaveLength(names.length)
  })

  test('submissions that come at once get their places one after the other', async () => {
    await using t = await make()
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        t.archive.accept(submission(t.keys.alice, { run: { id: `run-${index}` } })),
      ),
    )
    expect(all.map(({ entry }) => entry.seq).sort((a, b) => a - b)).toEqual(all.map((_, index) => index + 1))
    const twice = await Promise.all(
      [0, 1, 2].map(() => t.archive.accept(submission(t.keys.alice, { run: { id: 'same' } }))),
    )
    expect(new Set(twice.map(({ entry }) => entry.seq))).toEqual(new Set([21]))
    expect(twice.filter(({ repeated }) => !repeated)).toHaveLength(1)
  })

  test('rates and quotas are counted', async () => {
    await using t = await make()
    await t.archive.accept(submission(t.keys.alice))
    const [alice] = t.archive.submitters
    const quota = { submissionsPerDay: 1, megabytesPerDay: 1 }
    const limited = { ...(alice ?? expect.fail()), quota }
    await expect(refuseOverQuota(t.archive.sql, limited, 10, t.clock.now)).rejects.toMatchObject({ status: 429 })
    const bytes = { ...limited, quota: { submissionsPerDay: 9, megabytesPerDay: 1 } }
    await expect(refuseOverQuota(t.archive.sql, bytes, 2 ** 20, t.clock.now)).rejects.toMatchObject({ status: 429 })
    await refuseOverQuota(t.archive.sql, bytes, 10, t.clock.now)
  })

  test('decisions, and waivers that have done their work, can be asked for and come back after a rebuild', async () => {
    await using t = await make()
    const report = async (status: 'pass' | 'fail', key = t.keys.alice) => {
      t.clock.now += 3_600_000
      const startedAt = new Date(t.clock.now).toISOString()
      const cell = { status, startedAt, checks: [check('ssh-root', status)] }
      await t.archive.accept(submission(key, { run: { id: `run-${t.clock.now}`, startedAt }, cell }))
    }
    await report('fail')
    const { decision, payload } = await decisionOf(t, 'release')
    const { entry } = await t.archive.accept(signed(payload, t.keys.alice))
    expect((await listDecisions(t.archive, { image: 'debian-13' })).items).toMatchObject([
      { id: decision.id, submission: entry.id, verdict: 'no-go', asOfSeq: 1, unsatisfied: 1, missing: 1 },
    ])
    expect((await findDecision(t.archive, decision.id))?.decision).toEqual(decision)
    const waiver = {
      checks: ['ssh-*'],
      cells: ['lxd/*'],
      images: ['debian-*'],
      missing: false,
      reason: 'known',
      tracker: 'https://bugs.example.org/1',
      until: '2026-12-31',
    }
    await t.archive.accept(signed(waiverOf(waiver, new Date(t.clock.now)), t.keys.alice))
    const watched = {
      cell: 'lxd/debian-13/default/container',
      submitter: 'alice',
      check: 'ssh-root',
      images: ['debian-*'],
      since: t.clock.now,
    }
    await report('pass')
    expect(await passedTwice(t.archive, watched)).toBeUndefined()
    await report('pass')
    expect(await passedTwice(t.archive, watched)).toBe(t.clock.now)
    expect(await passedTwice(t.archive, { ...watched, check: '*' })).toBe(t.clock.now)
    expect(await passedTwice(t.archive, watched, 4)).toBeUndefined()
    expect(await passedTwice(t.archive, { ...watched, submitter: 'bob' })).toBeUndefined()
    const { items } = await listWaivers(t.archive)
    // Nobody excuses results of their own; of others it would be about one failure, and done.
    expect(await workOfWaivers(t.archive, items)).toEqual(new Map())
    const byOther = items.map((one) => ({ ...one, submitter: 'release-team' }))
    expect([...(await workOfWaivers(t.archive, byOther)).values()]).toEqual([
      { about: 1, done: 1, doneAt: t.clock.now },
    ])
    await using fresh = await openDatabase(await newDatabase(t.folder))
    await rebuild(t.folder, fresh)
    expect(await dumped(fresh)).toBe(await dumped(t.archive.sql))
    expect((await applyRetention(t.archive, { now: t.clock.now + 20 * 86_400_000 })).classes).toMatchObject({
      referenced: 3,
    })
  })
}
