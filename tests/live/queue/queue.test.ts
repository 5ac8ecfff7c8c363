import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { ledgerDir } from '../../../src/platforms/ledger-file.ts'
import { FACTS } from '../../unit/runner/fake-run.ts'
import { findPostgres, type Postgres, startPostgres } from './postgres.ts'
import { finalEnds, Stage } from './processes.ts'

const found = findPostgres()
const skip = 'missing' in found ? found.missing : undefined

/** Cells in memory that take about three seconds each. */
function fakeMatrix(cells: number, options: Record<string, unknown> = {}): Record<string, unknown> {
  const images = Array.from({ length: cells }, (_, index) => `image-${index + 1}`)
  const fake = { adopt: true, images, answers: FACTS, launchMs: 500, bootMs: 1000, ...options }
  return {
    axes: { platform: ['fake'], image: images },
    agent: { source: 'none' },
    suites: [],
    platforms: { fake: { options: fake } },
  }
}

describe.skipIf(skip)(`runs over several machines${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let postgres: Postgres

  beforeAll(async () => {
    postgres = await startPostgres('bin' in found ? found.bin : '')
  })
  afterAll(() => postgres[Symbol.asyncDispose]())

  test.concurrent('every cell gets one final status, whatever happens to workers', async ({ expect }) => {
    const database = await postgres.database('ends')
    using stage = new Stage(database.url, fakeMatrix(14))
    const [killed, drained] = [stage.worker('killed'), stage.worker('drained')]
    const run = stage.run()
    await Promise.all([killed.says(/begins/), drained.says(/begins/)])
    killed.child.kill('SIGKILL')
    drained.child.kill('SIGTERM')
    const added = stage.worker('added', '-j', '4')
    expect(await drained.ended).toBe(0)
    expect(await run.ended).toBe(0)
    added.child.kill('SIGTERM')
    expect(await added.ended).toBe(0)

    const events = stage.events(run.output())
    const ends = finalEnds(events)
    expect([...ends.values()].map(({ status }) => status)).toEqual(Array.from({ length: 14 }, () => 'pass'))
    const began = (output: string) => [...output.matchAll(/^(\S+): begins/gm)].map(([, cell]) => cell ?? '')
    // What was drained is finished where it began, and what was killed is finished elsewhere.
    for (const cell of began(drained.output())) expect(drained.output()).toContain(`${cell}: pass`)
    const lost = began(killed.output())
    expect(lost.length).toBeGreaterThan(0)
    for (const cell of lost) {
      expect(added.output()).toContain(`${cell}: begins, after 1 lost workers`)
      const warnings = events.flatMap((event) =>
        event.type === 'warning' && event.cell === cell ? [event.message] : [],
      )
      expect(warnings).toContain('the worker killed was lost; added goes on with the cell')
    }
    expect(events.filter(({ type }) => type === 'cell-ended')).toHaveLength(14)
    // Files that workers made are in the report.
    for (const cell of ends.keys())
      expect(readdirSync(join(stage.runDir, 'cells', cell), { recursive: true }).join()).toContain('first-boot.json')
    expect(await database.sql('SELECT count(*) FROM harness.message')).toBe('0')
    expect(await database.sql('SELECT count(*) FROM harness.run')).toBe('0')
    expect(readFileSync(join(stage.runDir, 'events.jsonl'), 'utf8')).not.toContain('not-needed')
  })

  test.concurrent('quotas are kept by all workers together, also by one that is lost', async ({ expect }) => {
    const database = await postgres.database('quotas')
    using stage = new Stage(database.url, { ...fakeMatrix(8), limits: { fake: { machines: 3 } } })
    const lost = stage.worker('lost', '-j', '4')
    const run = stage.run()
    await lost.says(/begins/)
    const others = [stage.worker('one', '-j', '4'), stage.worker('two', '-j', '4')]
    await run.says(/launch \d/)
    lost.child.kill('SIGKILL')
    expect(await run.ended).toBe(0)
    for (const { child } of others) child.kill('SIGTERM')
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0])
    const events = stage.events(run.output())
    let most = 0
    // What the lost worker had launched counts: its units wait for another one to go on with its cells.
    const open = new Set<string>()
    for (const event of events.toSorted((a, b) => a.at.localeCompare(b.at))) {
      if (event.type === 'step-started' && event.step === 'launch') open.add(event.cell)
      if (event.type === 'step-ended' && event.step === 'destroy') open.delete(event.cell)
      most = Math.max(most, open.size)
    }
    expect(most).toBe(3)
    expect(await database.sql('SELECT count(*) FROM harness.lease')).toBe('0')
  })

  test.concurrent('a worker that was only away has no say any more', async ({ expect }) => {
    const database = await postgres.database('away')
    using stage = new Stage(database.url, fakeMatrix(1, { bootMs: 4000 }))
    const away = stage.worker('away')
    const run = stage.run()
    await run.says(/image \d/)
    away.child.kill('SIGSTOP')
    stage.worker('other')
    expect(await run.ended).toBe(0)
    away.child.kill('SIGCONT')
    await away.says(/given to another worker, or its run is over/)
    const events = stage.events(run.output())
    expect(events.filter(({ type }) => type === 'cell-ended')).toMatchObject([{ attempt: 2, status: 'pass' }])
  })

  test.concurrent('a cell that takes its workers with it is given up', async ({ expect }) => {
    const database = await postgres.database('killers')
    using stage = new Stage(database.url, fakeMatrix(1, { bootMs: 60_000 }))
    const run = stage.run()
    for (const name of ['first', 'second', 'third']) {
      const worker = stage.worker(name)
      await worker.says(/begins/)
      worker.child.kill('SIGKILL')
    }
    stage.worker('fourth')
    expect(await run.ended).toBe(3)
    const [end] = finalEnds(stage.events(run.output())).values()
    expect(end).toMatchObject({ status: 'miss', reason: '3 workers were lost while they worked on this cell' })
  })

  test.concurrent('a database that is away for a while loses nothing', async ({ expect }) => {
    await using server = await startPostgres('bin' in found ? found.bin : '')
    using stage = new Stage((await server.database('away')).url, fakeMatrix(4))
    const worker = stage.worker('worker')
    const run = stage.run()
    await run.says(/launch \d/)
    await server.stop()
    await run.says(/does not answer/)
    await server.start()
    expect(await run.ended).toBe(0)
    worker.child.kill('SIGTERM')
    expect(await worker.ended).toBe(0)
    const events = stage.events(run.output())
    expect([...finalEnds(events).values()].map(({ status }) => status)).toEqual(['pass', 'pass', 'pass', 'pass'])
    expect(worker.output().split('does not answer').length).toBeLessThan(5)
  })

  test.concurrent('Ctrl-C ends what workers do, and what nobody took', async ({ expect }) => {
    const database = await postgres.database('cancelled')
    using stage = new Stage(database.url, fakeMatrix(4, { bootMs: 60_000 }))
    const worker = stage.worker('worker', '-j', '1')
    const run = stage.run()
    await worker.says(/begins/)
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(130)
    const ends = [...finalEnds(stage.events(run.output())).values()]
    expect(ends.map(({ status, cancelled }) => [status, cancelled])).toEqual(
      Array.from({ length: 4 }, () => ['miss', true]),
    )
  })

  test.concurrent('a run whose owner is gone is given up by its workers', async () => {
    const database = await postgres.database('orphans')
    using stage = new Stage(database.url, fakeMatrix(1, { bootMs: 60_000 }))
    const worker = stage.worker('worker')
    const run = stage.run()
    await worker.says(/begins/)
    run.child.kill('SIGKILL')
    await run.ended
    await database.sql(`UPDATE harness.run SET seen_at = now() - interval '61 seconds'`)
    await worker.says(/: miss/)
    await database.sql('DELETE FROM harness.run')
  })

  test.concurrent('checks and packages travel with the cells, and what checks attach comes back', async ({
    expect,
  }) => {
    const database = await postgres.database('inputs')
    using stage = new Stage(database.url, fakeMatrix(1))
    const checks = join(stage.folder, 'checks')
    mkdirSync(checks)
    const script = [
      '#!/bin/sh',
      '# harness: {id: far-away, title: it runs far away, because: it travels, severity: minor}',
      'echo hello from afar',
    ]
    writeFileSync(join(checks, 'far-away.sh'), `${script.join('\n')}\n`, { mode: 0o755 })
    const run = stage.run('--suite', 'regression', '--checks', checks)
    await run.says(/wait for workers, with 1 files/)
    rmSync(checks, { recursive: true })
    stage.worker('worker')
    await run.ended
    const events = stage.events(run.output())
    const record = events.flatMap((event) =>
      event.type === 'check-ended' && event.record.id === 'far-away' ? [event.record] : [],
    )
    expect(record).toMatchObject([{ status: 'pass' }])
    const [path = ''] = record[0]?.attachments ?? []
    expect(readFileSync(join(stage.runDir, path), 'utf8')).toContain('hello from afar')
  })

  test.concurrent('a database that is not there is said in one line', async ({ expect }) => {
    using stage = new Stage('postgresql://me:secret-word@127.0.0.1:1/nowhere', fakeMatrix(1))
    for (const started of [stage.run(), stage.worker('worker')]) {
      expect(await started.ended).toBe(3)
      expect(started.output()).toContain('the database postgresql://me:***@127.0.0.1:1/nowhere does not answer')
      expect(started.output()).not.toContain('secret-word')
    }
    expect(existsSync(join(stage.stateOf('worker'), 'ledger')) && readdirSync(ledgerDir())).toBeFalsy()
  })
})
