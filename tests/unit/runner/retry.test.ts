import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import { countCells, countChecks, countedChecks } from '../../../src/results/summary.ts'
import { checksAt, type FakeOptions, fakeRun, testFolder } from './fake-run.ts'

const MATRIX = {
  suites: ['policy', 'regression'],
  checks: [checksAt('flaky.ts')],
  timeouts: { boot: '20 seconds', check: '20 seconds' },
}

/** A run of checks that count how often they were asked. */
async function countedRun(path: string, options: FakeOptions) {
  const file = join(path, 'counts')
  process.env['RUNNER_TEST_COUNTS'] = file
  onTestFinished(() => void delete process.env['RUNNER_TEST_COUNTS'])
  const run = await fakeRun(path, options)
  const asked = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return { run, asked: Object.fromEntries([...Map.groupBy(asked, (id) => id)].map(([id, all]) => [id, all.length])) }
}

const ends = (run: Awaited<ReturnType<typeof fakeRun>>) =>
  run.ends.map(({ attempt, status, next, flaky }) =>
    [attempt, status, next ?? 'last', flaky ? 'flaky' : ''].filter(Boolean).join(' '),
  )

test('what failed is judged again on a fresh machine, and passes as flaky', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const { run, asked } = await countedRun(folder.path, { matrix: { ...MATRIX, 'test-attempts': 3 } })
  expect(ends(run)).toEqual(['1 fail tests', '2 fail tests', '3 pass last flaky'])
  expect(asked, 'what holds is not asked again').toEqual({ 'always-good': 1, 'fails-once': 2, 'fails-twice': 3 })
  expect(run).toMatchObject({ status: 'pass', exitCode: 0 })
  const launches = run.of('step-started').filter(({ step }) => step === 'launch')
  expect(launches.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  const model = foldEvents(run.events)
  const [cell] = model.cells
  expect(countCells(model)).toMatchObject({ pass: 1, flaky: 1 })
  expect(cell && countChecks(countedChecks(cell))).toMatchObject({ pass: 3, total: 3, flaky: 2 })
  expect(cell?.earlier).toMatchObject([{ status: 'fail' }, { status: 'fail' }])
  const twice = cell?.checks.find(({ id }) => id === 'fails-twice')
  expect(twice).toMatchObject({
    status: 'pass',
    flaky: true,
    earlier: [
      { attempt: 1, status: 'fail', errors: [{ message: expect.stringContaining('0') }] },
      { attempt: 2, status: 'fail' },
    ],
  })
  expect(existsSync(join(run.runDir, 'cells', cell?.summary.id ?? '', 'attempt-2', 'logs'))).toBe(true)
  expect(await readLedgers()).toEqual([])
})

test('the gate decides whether flaky blocks', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const { run } = await countedRun(folder.path, { matrix: { ...MATRIX, 'test-attempts': 3 }, flaky: 'block' })
  expect(run).toMatchObject({ status: 'pass', exitCode: 1 })
  expect(foldEvents(run.events).gate).toEqual({ flaky: 'block' })
})

test('by default checks that fail are not judged again', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const { run, asked } = await countedRun(folder.path, { matrix: { ...MATRIX, attempts: 5 } })
  expect(ends(run)).toEqual(['1 fail last'])
  expect(asked['fails-once']).toBe(1)
})

test(
  'budgets are separate: trouble of the host is not paid by the budget of the tests',
  { timeout: 30_000 },
  async () => {
    using folder = testFolder()
    const { run, asked } = await countedRun(folder.path, {
      matrix: { ...MATRIX, attempts: 3, 'test-attempts': 3 },
      platform: { faults: [{ at: 'launch', kind: 'capacity', times: 2 }] },
    })
    expect(ends(run)).toEqual([
      '1 miss infrastructure',
      '2 miss infrastructure',
      '3 fail tests',
      '4 fail tests',
      '5 pass last flaky',
    ])
    expect(asked).toEqual({ 'always-good': 1, 'fails-once': 2, 'fails-twice': 3 })
  },
)

test('trouble of the host in the middle does not take back what was found', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  // The launch of the first attempt goes well; those after it do not, and the budget of the host is used up.
  const { run } = await countedRun(folder.path, {
    matrix: { ...MATRIX, attempts: 2, 'test-attempts': 3 },
    platform: { faults: [{ at: 'launch', kind: 'capacity', after: 1 }] },
  })
  expect(ends(run)).toEqual(['1 fail tests', '2 fail infrastructure', '3 fail last'])
  expect(run.exitCode).toBe(1)
  const [cell] = foldEvents(run.events).cells
  expect(cell?.checks.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
    'always-good pass',
    'fails-once fail',
    'fails-twice fail',
  ])
})

test('a boot that fails is tried again from the budget of the tests, and is flaky', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { attempts: 3, 'test-attempts': 2, timeouts: { boot: '400 ms' } },
    platform: { faults: [{ at: 'boot', how: 'panic', times: 1 }] },
  })
  expect(ends(run)).toEqual(['1 fail tests', '2 pass last flaky'])
})

test('a pass after trouble of the host is no flaky pass', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { attempts: 2, 'test-attempts': 2 },
    platform: { faults: [{ at: 'launch', kind: 'capacity', times: 1 }] },
    flaky: 'block',
  })
  expect(ends(run)).toEqual(['1 miss infrastructure', '2 pass last'])
  expect(run.exitCode).toBe(0)
})
