import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { quickImage, whyNoQuickImage } from '../lxd/quick-image.ts'
import { findPostgres, type Postgres, startPostgres, type TestDatabase } from './postgres.ts'
import { finalEnds, Stage } from './processes.ts'

const found = findPostgres()
const skip = 'missing' in found ? found.missing : ((await whyNoLxd()) ?? (await whyNoQuickImage()))

const matrix = async (boots: string[]) => ({
  axes: { platform: ['lxd'], image: [await quickImage()], boot: boots },
  agent: { source: 'none' },
  suites: [],
})

describe.skipIf(skip)(`machines of a lost worker${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let postgres: Postgres
  let database: TestDatabase

  beforeAll(async () => {
    postgres = await startPostgres('bin' in found ? found.bin : '')
    database = await postgres.database('lost')
  })
  afterAll(() => postgres[Symbol.asyncDispose]())

  test('are removed by the worker that goes on with the cell', { timeout: 240_000 }, async () => {
    using stage = new Stage(database.url, await matrix(['container']))
    const first = stage.worker('first')
    const run = stage.run()
    await run.says(/launch \d/)
    first.child.kill('SIGKILL')
    const [left] = await machinesOf(run)
    expect(left).toMatchObject({ kind: 'machine' })
    const second = stage.worker('second')
    expect(await run.ended).toBe(0)
    expect(second.output()).toContain(`removed machine ${left?.id}`)
    expect(finalEnds(stage.events(run.output())).values().next().value).toMatchObject({ attempt: 2, status: 'pass' })
    expect(await machinesOf(run)).toEqual([])
  })

  test('are removed by the next worker of the same host when nobody wants the cell', { timeout: 240_000 }, async () => {
    using stage = new Stage(database.url, await matrix(['container']))
    const first = stage.worker('worker')
    const run = stage.run()
    await run.says(/launch \d/)
    first.child.kill('SIGKILL')
    run.child.kill('SIGKILL')
    await run.ended
    await database.sql('DELETE FROM harness.run')
    expect(await machinesOf(run)).toHaveLength(1)
    const next = stage.worker('worker')
    await next.says(/takes 2 cells/)
    expect(next.output()).toMatch(/removed what a lost worker left: lxd/)
    expect(await machinesOf(run)).toEqual([])
    expect(readdirSync(join(stage.stateOf('worker'), 'ledger'))).toEqual([])
  })

  /** What exists of a run; other tests may use the same LXD. */
  async function machinesOf(run: { output: () => string }) {
    const runId = /\brun (\d{8}-\d{6}-\w{4})\b/.exec(run.output())?.[1] ?? 'no run'
    await using session = await openPlatformNamed('lxd', {})
    return (await session.resources({ runId })).filter(({ kind }) => kind === 'machine')
  }
})
