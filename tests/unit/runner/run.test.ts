import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { markText, ownMark } from '../../../src/core/process-mark.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import { parseEvents } from '../../../src/results/read-events.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'
import { checksAt, FACTS, fakeRun, testFolder } from './fake-run.ts'

const SUITES = { suites: ['policy', 'regression'] }
const statuses = (records: readonly CheckRecord[]) =>
  Object.fromEntries(
    records.map(({ id, phase, baseline, status }) => [
      [id, phase, baseline ? 'baseline' : undefined].filter(Boolean).join(' '),
      status,
    ]),
  )

test('a good cell passes, its events are on disk, and nothing is left', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { ...SUITES, checks: [checksAt('good.ts'), checksAt('script.sh')], environment: { CLOSELY: 'closely' } },
  })
  expect(statuses(run.records)).toEqual({
    'elsewhere-policy first-boot': 'skip',
    'good-policy first-boot': 'pass',
    'good-policy after-reboot': 'pass',
    'pair-policy pair': 'pass',
    'skipping-policy first-boot': 'skip',
    'good-shared': 'pass',
    'good-own': 'pass',
    scripted: 'skip',
  })
  expect(run).toMatchObject({ status: 'pass', exitCode: 0 })
  expect(run.ends).toMatchObject([{ status: 'pass', boots: 4 }])
  const { events, unreadable } = parseEvents(readFileSync(join(run.runDir, 'events.jsonl'), 'utf8'), 'events.jsonl')
  expect(unreadable).toBe(0)
  expect(events).toEqual(run.events)
  const shared = run.records.find((record) => record.id === 'good-shared')
  expect(shared?.measurements).toEqual([{ name: 'commands', value: 1, unit: 'count' }])
  expect(readFileSync(join(run.runDir, shared?.attachments?.[0] ?? ''), 'utf8')).toBe('hello')
  expect(run.records.find((record) => record.id === 'scripted')?.reason).toBe('looked closely')
  expect(await readLedgers()).toEqual([])
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`harness-run-${markText(ownMark())}`))).toEqual([])
})

test('what fails, breaks and hangs is told apart, with the evidence', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('failing.ts')] } })
  expect(statuses(run.records)).toEqual({
    'broken-policy first-boot': 'error',
    'failing-policy first-boot': 'fail',
    'failing-softly first-boot': 'fail',
    'unknown-fact-policy first-boot': 'error',
    'failing-command': 'fail',
    'never-ending': 'error',
  })
  const errorsOf = (id: string) => run.records.find((record) => record.id === id)?.errors
  expect(errorsOf('failing-policy')).toMatchObject([
    { expected: '2', actual: '1', at: 'tests/unit/runner/checks/failing.ts:6' },
  ])
  expect(errorsOf('failing-softly')).toHaveLength(2)
  expect(errorsOf('broken-policy')).toMatchObject([
    { message: 'x is not a function', at: 'tests/unit/runner/checks/failing.ts:15' },
  ])
  expect(errorsOf('failing-command')?.[0]?.message).toContain('`false`')
  expect(run).toMatchObject({ status: 'fail', exitCode: 1 })
})

test('an upgraded image is compared with the image as it came', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: {
      ...SUITES,
      agent: { source: 'command:test "$CANDIDATE" = 25.1' },
      environment: { CANDIDATE: '25.1' },
      checks: [checksAt('good.ts')],
    },
    platform: { answers: [...FACTS, { command: 'dpkg-query', stdout: 'cloud-init\t25.1\n' }] },
  })
  expect(
    run.records.filter((record) => record.id === 'good-shared').map(({ subject, baseline }) => [subject, baseline]),
  ).toEqual(
    expect.arrayContaining([
      ['upgraded', false],
      ['image', true],
    ]),
  )
  expect(
    run.records
      .filter((record) => record.id === 'good-policy')
      .map(({ subject, phase }) => `${subject} ${phase}`)
      .sort(),
  ).toEqual(['image first-boot', 'upgraded after-reboot', 'upgraded first-boot'])
})

test('a launch the provider refuses leaves the cell not judged', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { platform: { faults: [{ at: 'launch', kind: 'quota' }] } })
  expect(run).toMatchObject({ status: 'miss', exitCode: 3 })
  expect(run.ends).toMatchObject([{ status: 'miss', error: { name: 'PlatformError', kind: 'quota' } }])
  expect(await readLedgers()).toEqual([])
})

test('checks that have nothing to judge are not judged, and nothing is broken', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { ...SUITES, checks: [checksAt('good.ts')] },
    platform: { faults: [{ at: 'launch', kind: 'quota' }] },
  })
  expect(run.ends).toMatchObject([{ status: 'miss', error: { kind: 'quota' } }])
  expect(new Set(run.records.map(({ status }) => status))).toEqual(new Set(['miss', 'skip']))
})

test('trouble of the infrastructure is tried again on a fresh machine, within the budget', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { attempts: 2 },
    platform: { faults: [{ at: 'launch', kind: 'capacity', times: 1 }] },
  })
  expect(run.ends.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 'miss'],
    [2, 'pass'],
  ])
  expect(run.exitCode).toBe(0)
})

test.each([
  ['silence', 'miss', 3],
  ['panic', 'fail', 1],
  ['emergency', 'fail', 1],
] as const)('a boot that ends in %s is a %s', async (how, status, exitCode) => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { timeouts: { boot: '400 ms' } },
    platform: { faults: [{ at: 'boot', how }] },
  })
  expect(run).toMatchObject({ status, exitCode })
  expect(await readLedgers()).toEqual([])
})

test(
  'a crash of the process of one cell takes only the check in progress, and no other cell',
  { timeout: 30_000 },
  async () => {
    using folder = testFolder()
    const run = await fakeRun(folder.path, {
      images: ['debian-12', 'debian-13'],
      matrix: {
        ...SUITES,
        images: { 'debian-12': { checks: [checksAt('crashing.ts')] }, 'debian-13': { checks: [checksAt('good.ts')] } },
      },
    })
    const of = (image: string) =>
      run
        .of('check-ended')
        .filter(({ cell }) => cell.includes(image))
        .map(({ record }) => record)
    expect(statuses(of('debian-12'))).toEqual({ 'a-before': 'pass', 'b-crash': 'error', 'c-after': 'miss' })
    expect(of('debian-13').every(({ status }) => status === 'pass' || status === 'skip')).toBe(true)
    expect(run.ends.find(({ cell }) => cell.includes('debian-13'))?.status).toBe('pass')
    expect(run.ends.find(({ cell }) => cell.includes('debian-12'))?.status).toBe('error')
  },
)

test('a busy loop is ended after its time', { timeout: 60_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('looping.ts')] } })
  expect(statuses(run.records)).toEqual({ 'l-before': 'pass', 'm-loop': 'error', 'n-after': 'miss' })
  expect(run.records.find(({ id }) => id === 'm-loop')?.reason).toContain('m-loop blocked the process')
  expect(run.exitCode).toBe(3)
})

test('a rejection nobody handles is not a pass', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('unhandled.ts')] } })
  expect(run.ends).toMatchObject([{ status: 'error', reason: expect.stringContaining('nobody waits for me') }])
})

test('checks that cannot be imported are refused before anything is launched', async () => {
  using folder = testFolder()
  const run = fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('throws-at-import.ts')] } })
  await expect(run).rejects.toBeInstanceOf(ConfigError)
  await expect(run).rejects.toThrow('throws-at-import.ts: cannot be imported: this file is broken')
  expect(existsSync(join(folder.path, 'reports'))).toBe(false)
})

test('cells with different files of checks may use the same id', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    images: ['debian-12', 'debian-13'],
    matrix: {
      suites: ['policy'],
      images: {
        'debian-12': { checks: [checksAt('same-id-a.ts')] },
        'debian-13': { checks: [checksAt('same-id-b.ts')] },
      },
    },
  })
  const of = (image: string) => run.of('check-ended').filter(({ cell }) => cell.includes(image))
  expect(of('debian-12').map(({ record }) => `${record.title} ${record.status}`)).toEqual(['it holds pass'])
  expect(of('debian-13').map(({ record }) => `${record.title} ${record.status}`)).toEqual(['it does not hold fail'])
  const both = fakeRun(folder.path, {
    matrix: { suites: ['policy'], checks: [checksAt('same-id-a.ts'), checksAt('same-id-b.ts')] },
  })
  await expect(both).rejects.toThrow(/the check id "same-id" is used twice: .*same-id-a.ts and .*same-id-b.ts/)
})

test('boots that checks ask for are counted', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('rebooting.ts')] } })
  expect(statuses(run.records)).toEqual({ 'reboots-twice': 'pass', 'reboots-own': 'pass' })
  // Launch and reboot of the machine under test, launch of the own one, and three by the checks.
  expect(run.ends).toMatchObject([{ boots: 6 }])
})

test('checks that break only in the worker are errors', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { matrix: { ...SUITES, checks: [checksAt('throws-in-the-worker.ts')] } })
  expect(run.records).toMatchObject([
    { id: 'never-declared', status: 'error', reason: expect.stringContaining('broken in the worker') },
  ])
})

test('what cannot be destroyed is a leak: exit code 4, and the ledger keeps it', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { platform: { faults: [{ at: 'destroy', kind: 'unavailable' }] } })
  expect(run).toMatchObject({ status: 'pass', exitCode: 4 })
  expect(run.of('leaked')).toMatchObject([{ error: { name: 'CleanupError' } }])
  expect((await readLedgers()).flatMap((ledger) => ledger.open)).toMatchObject([{ intent: { kind: 'machine' } }])
})

test('a cancelled run destroys what it made, says so for every cell and exits 130', async () => {
  using folder = testFolder()
  const cancel = new AbortController()
  const run = await fakeRun(folder.path, {
    images: ['debian-12', 'debian-13', 'debian-sid'],
    platform: { bootMs: 60_000 },
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.type === 'step-started' && event.step === 'first-boot') cancel.abort()
    },
  })
  expect(run.exitCode).toBe(130)
  expect(run.ends.map(({ status, reason }) => `${status} ${reason?.split(';')[0]}`).sort()).toEqual([
    'miss cancelled',
    'miss cancelled',
    'miss the run was cancelled before this cell began',
  ])
  expect(await readLedgers()).toEqual([])
})

test('a kept machine is not destroyed, and the report says how to reach it', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { keep: 'always' })
  expect(run.of('warning')).toMatchObject([{ message: expect.stringContaining('was kept: `harness shell') }])
  expect((await readLedgers()).flatMap((ledger) => ledger.open)).toHaveLength(1)
  expect(run.exitCode).toBe(0)
})

test('a waived failure does not count, and the cell says so', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const waiver = (check: string) => ({
    check,
    cells: 'fake/*',
    reason: 'known',
    tracker: 'https://bugs.example/1',
    until: '2999-01-01',
  })
  const run = await fakeRun(folder.path, {
    matrix: { suites: ['policy'], checks: [checksAt('failing.ts')] },
    waivers: ['failing-policy', 'failing-softly', 'broken-policy'].map(waiver),
  })
  expect(run.records.find(({ id }) => id === 'failing-policy')).toMatchObject({
    status: 'fail',
    waived: { reason: 'known' },
  })
  expect(run.ends[0]?.reason).toContain('2 waived failures do not count: failing-policy, failing-softly')
  expect(run.status).toBe('error')
})
