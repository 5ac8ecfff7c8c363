import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Spending } from '../../../src/cost/spending.ts'
import { LeaseTable } from '../../../src/limits/lease-table.ts'
import { fakeRun, testFolder } from './fake-run.ts'

const images = Array.from({ length: 12 }, (_, index) => `image-${index + 1}`)
const idOf = (image: string) => `fake/${image}/default/default`

test('cells wait for a quota of machines, whatever the concurrency', async () => {
  using folder = testFolder()
  let running = 0
  let most = 0
  const run = await fakeRun(folder.path, {
    images,
    concurrency: 12,
    spend: { limits: { fake: { machines: 3 } } },
    onEvent: (event) => {
      if (event.type === 'step-started' && event.step === 'launch') most = Math.max(most, ++running)
      if (event.type === 'step-ended' && event.step === 'destroy') running--
    },
  })
  expect(run.ends.map(({ status }) => status)).toEqual(images.map(() => 'pass'))
  expect(most).toBe(3)
  const waited = run.of('warning').map(({ message }) => message)
  expect(waited[0]).toBe('waits for a quota: fake/default/machines: 3 of 3 are in use; 1 more are needed')
  const table = new LeaseTable()
  expect(table.list()).toEqual([])
  table.close()
})

test('vCPUs are counted by instance type', async () => {
  using folder = testFolder()
  const limits = (vcpus: number) => ({
    spend: { limits: { fake: { vcpus } } },
    matrix: { axes: { platform: ['fake'], image: ['debian-13'], 'instance-type': ['large'] } },
  })
  expect((await fakeRun(folder.path, limits(4))).exitCode).toBe(0)
  await expect(fakeRun(folder.path, limits(3))).rejects.toThrow(
    'needs 4 units of fake/default/vcpus, and the limit is 3',
  )
})

test('units that another run holds are waited for', async () => {
  using folder = testFolder()
  const table = new LeaseTable()
  const claim = { quota: 'fake/default/machines', units: 1, limit: 1 }
  const held = await table.tryTake([claim], { runId: 'other-run', cell: 'x', expiresAt: 0 })
  const run = fakeRun(folder.path, {
    spend: { limits: { fake: { machines: 1 } } },
    onEvent: (event) => {
      if (event.type === 'warning' && 'release' in held) void held.release()
    },
  })
  expect((await run).exitCode).toBe(0)
  expect((await run).of('warning')[0]?.message).toContain('some by other-run')
  table.close()
})

test('a platform that is asked too often slows the run down, and no cell fails', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    images: images.slice(0, 4),
    concurrency: 4,
    platform: { faults: [{ at: 'launch', kind: 'throttled', times: 1 }] },
  })
  expect(run.ends.map(({ status, attempt }) => [status, attempt])).toEqual(images.slice(0, 4).map(() => ['pass', 1]))
  expect(run.of('warning').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^fake\/default is asked too often: all wait \d\.\d s, then at most 2 cells at a time$/),
  ])
})

test('a removal that is asked for too often is no leak', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, { platform: { faults: [{ at: 'destroy', kind: 'throttled', times: 1 }] } })
  expect({ exitCode: run.exitCode, leaks: run.of('leaked') }).toEqual({ exitCode: 0, leaks: [] })
})

test('the machine time and the price of a cell are told, and written down', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    spend: {
      prices: { fake: { 'usd-per-hour': { '*': 3.6 } } },
      estimates: { [idOf('debian-13')]: 5 },
    },
  })
  const [end] = run.ends
  expect(end?.usage).toMatchObject({ machines: 1, usd: 0.06, basis: 'the matrix' })
  expect(end?.usage?.seconds).toBeGreaterThan(0)
  const spending = new Spending()
  expect(spending.spentOn()).toMatchObject([{ platform: 'fake', cells: 1, usd: 0.06, reservedUsd: 0 }])
  spending.close()
})

test('without a price there is machine time only', async () => {
  using folder = testFolder()
  const [end] = (await fakeRun(folder.path)).ends
  expect(Object.keys(end?.usage ?? {})).toEqual(['machines', 'seconds'])
})

test('no cell begins when the budget of the run is used up: it is not judged, and the exit code says so', async () => {
  using folder = testFolder()
  const estimates = Object.fromEntries(images.slice(0, 3).map((image) => [idOf(image), 1]))
  const run = await fakeRun(folder.path, {
    images: images.slice(0, 3),
    concurrency: 3,
    spend: { prices: { fake: { 'usd-per-hour': { '*': 3600 } } }, estimates, budget: { 'run-usd': 2.5 } },
  })
  expect(run.ends.map(({ status }) => status).sort()).toEqual(['miss', 'pass', 'pass'])
  expect(run.ends.find(({ status }) => status === 'miss')?.reason).toMatch(
    /^the budget of the run is used up: about \$2\.00 of \$2\.50/,
  )
  expect(run.exitCode).toBe(3)
})

test('a budget of the day counts what other runs spent', async () => {
  using folder = testFolder()
  const spend = {
    prices: { fake: { 'usd-per-hour': { '*': 60 } } },
    estimates: { [idOf('debian-13')]: 1 },
    budget: { 'day-usd': 1.5 },
  }
  const first = await fakeRun(folder.path, { spend })
  expect(first.exitCode).toBe(0)
  const database = new DatabaseSync(join(folder.path, 'state', 'spending.db'))
  database.exec('UPDATE spending SET usd = 1')
  database.close()
  const second = await fakeRun(folder.path, { spend })
  expect(second.ends).toMatchObject([{ status: 'miss', reason: expect.stringContaining('the budget of the day') }])
})
