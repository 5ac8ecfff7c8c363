import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/queue/database.ts'
import { PostgresSpending } from '../../../src/queue/postgres-spending.ts'
import { FACTS } from '../../unit/runner/fake-run.ts'
import { findPostgres, type Postgres, startPostgres } from './postgres.ts'
import { finalEnds, Stage } from './processes.ts'

const found = findPostgres()
const skip = 'missing' in found ? found.missing : undefined

describe.skipIf(skip)(`money of workers on several machines${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let postgres: Postgres

  beforeAll(async () => {
    postgres = await startPostgres('bin' in found ? found.bin : '')
  })
  afterAll(() => postgres[Symbol.asyncDispose]())

  test('eight processes spend exactly what the day allows', async () => {
    const { url } = await postgres.database('hammered')
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const args = [join(import.meta.dirname, 'spending-hammer.ts'), url, `run-${index}`, '200']
        return Number((await promisify(execFile)(process.execPath, args)).stdout)
      }),
    )
    expect(all.reduce((sum, spent) => sum + spent, 0)).toBe(200)
  })

  test('a run, a day and a platform have limits of their own, and what a cell really cost replaces its estimate', async () => {
    await using database = disposable(await openDatabase((await postgres.database('limits')).url))
    const spending = await PostgresSpending.open(database)
    const reserve = (usd: number, budget: object, runId = 'one', platform = 'ec2') =>
      spending.reserve({ runId, cell: 'a', platform, usd }, budget)
    const first = await reserve(5, { 'run-usd': 5 })
    expect(await reserve(1, { 'run-usd': 5 })).toEqual({
      refused:
        'the budget of the run is used up: about $5.00 of $5.00 is spent or set aside, and this cell would cost about $1.00',
    })
    if ('refused' in first) throw new Error(first.refused)
    await first.settle(2)
    expect(await reserve(3, { 'run-usd': 5 })).toHaveProperty('settle')
    expect(await reserve(1, { 'day-usd': 5 }, 'two')).toHaveProperty('refused')
    const clouds = { 'platform-day-usd': { ec2: 5, gce: 1 } }
    expect(await reserve(1, clouds, 'two')).toHaveProperty('refused')
    expect(await reserve(1, clouds, 'two', 'gce')).toHaveProperty('settle')
    expect(await spending.spentToday()).toEqual([
      { platform: 'ec2', cells: 2, usd: 5, reservedUsd: 3 },
      { platform: 'gce', cells: 1, usd: 1, reservedUsd: 1 },
    ])
    await database.query(`UPDATE harness.spending SET day = '2026-01-01'`)
    expect(await reserve(1, { 'day-usd': 5 }, 'two')).toHaveProperty('settle')
    expect(await reserve(1, { 'run-usd': 5 })).toHaveProperty('refused')
  })

  test('three workers on hosts of their own buy no more cells than the run may, and what a lost one took stays spent', async () => {
    const database = await postgres.database('workers')
    const images = Array.from({ length: 9 }, (_, index) => `image-${index + 1}`)
    using stage = new Stage(database.url, {
      axes: { platform: ['fake'], image: images },
      agent: { source: 'none' },
      suites: [],
      platforms: { fake: { options: { adopt: true, images, answers: FACTS, launchMs: 500, bootMs: 1000 } } },
      // A guess of 95 seconds for each; their real seconds cost nearly nothing, so that only money that is set aside counts.
      prices: { fake: { 'usd-per-hour': { '*': 0.0001 } } },
      budget: { 'run-usd': 1 },
    })
    const lost = stage.worker('lost')
    const run = stage.run()
    await lost.says(/begins/)
    await run.says(/launch \d/)
    lost.child.kill('SIGKILL')
    // As if that cell had been dear: what remains is less than any other cell is expected to cost.
    const taken = Number(await database.sql('SELECT count(*) FROM harness.spending'))
    await database.sql('UPDATE harness.spending SET usd = 1')
    const others = [stage.worker('one'), stage.worker('two')]
    expect(await run.ended).toBe(3)
    for (const { child } of others) child.kill('SIGTERM')
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0])
    expect(taken).toBeGreaterThan(0)
    const list = stage.list('spending')
    expect(await list.ended).toBe(0)
    expect(list.output()).toContain(`fake      ${taken}      $${taken}.00`)
    const ends = [...finalEnds(stage.events(run.output())).values()]
    expect(ends).toHaveLength(9)
    for (const { status, reason } of ends)
      expect([status, reason]).toEqual(['miss', expect.stringContaining('the budget of the run is used up')])
  })
})

function disposable<T extends { close(): Promise<void> }>(value: T): T & AsyncDisposable {
  return Object.assign(value, { [Symbol.asyncDispose]: () => value.close() })
}
