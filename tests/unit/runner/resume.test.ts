import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import type { RunEvent } from '../../../src/results/event.ts'
import { parseEvents } from '../../../src/results/read-events.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import { recallRun } from '../../../src/runner/run-record.ts'
import { checksAt, type FakeRun, fakeRun, testFolder } from './fake-run.ts'

const IMAGES = ['debian-12', 'debian-13']
/** A run is worked on once on a host, and these tests may run twice at the same time. */
const RUN = `20260101-000000-${randomBytes(2).toString('hex')}`

const eventsOf = (runDir: string) => parseEvents(readFileSync(join(runDir, 'events.jsonl'), 'utf8'), 'events.jsonl')
const finals = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'cell-ended' && !event.next && !event.cancelled ? [event.cell] : []))

/** A ledger as a process leaves it that is gone: its lines up to some event. */
function deadLedger(folder: string, machines: readonly string[]): void {
  const owner = { pid: 1, startTicks: '0', bootId: '', host: 'gone' }
  mkdirSync(join(folder, 'state', 'ledger'), { recursive: true })
  const lines: unknown[] = [
    { type: 'owner', version: 1, runId: RUN, at: '', process: { ...owner, host: readHost() } },
    { type: 'platform', name: 'fake', options: { world: 'other', directory: join(folder, 'cloud') } },
    ...machines.flatMap((id, index) => [
      { type: 'intent', n: index + 1, intent: { platform: 'fake', kind: 'machine', name: id } },
      { type: 'created', n: index + 1, id },
    ]),
  ]
  writeFileSync(
    join(folder, 'state', 'ledger', `${RUN}.jsonl`),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  )
}

function readHost(): string {
  return readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()
}

/** Something a dead process left on the platform. */
function halfMade(folder: string, id: string, cell: string): void {
  mkdirSync(join(folder, 'cloud'), { recursive: true })
  const owner = { runId: RUN, cell, attempt: 1, expires: '2999-01-01T00:00:00.000Z' }
  writeFileSync(join(folder, 'cloud', `${id}.json`), JSON.stringify({ kind: 'machine', id, owner }))
}

async function resume(folder: string): Promise<FakeRun> {
  return await fakeRun(folder, { images: IMAGES, runId: RUN, resume: true, concurrency: 1 })
}

test(
  'from every place a run can be killed at, resuming finishes it and repeats nothing',
  { timeout: 120_000 },
  async () => {
    using folder = testFolder()
    const whole = await fakeRun(folder.path, { images: IMAGES, runId: RUN, concurrency: 1 })
    const bytes = readFileSync(join(whole.runDir, 'events.jsonl'))
    rmSync(whole.runDir, { recursive: true })
    const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)
    // After every event, and within every third line; only some of them unless all are asked for.
    const all = [0, ...ends, ...ends.filter((_, index) => index % 3 === 0).map((at) => at - 7)]
    const cuts = process.env['HARNESS_KILL_POINTS'] ? all : all.filter((_, index) => index % 4 === 1)
    expect(all.length).toBeGreaterThan(40)
    for (const cut of cuts) {
      mkdirSync(whole.runDir, { recursive: true })
      writeFileSync(join(whole.runDir, 'events.jsonl'), bytes.subarray(0, cut))
      const before = cut === 0 || !bytes.subarray(0, cut).includes(0x0a) ? [] : eventsOf(whole.runDir).events
      const begun = before.findLast((event) => event.type === 'cell-started')
      deadLedger(folder.path, ['half-made'])
      if (begun) halfMade(folder.path, 'half-made', begun.cell)
      const run = await resume(folder.path)
      const { events, unreadable } = eventsOf(run.runDir)
      const what = `killed at byte ${cut}`
      expect(run, what).toMatchObject({ status: 'pass', exitCode: 0 })
      expect(unreadable, what).toBeLessThanOrEqual(1)
      expect(finals(events).sort(), what).toEqual(IMAGES.map((image) => `fake/${image}/default/default`))
      const repeated = new Set(finals(before))
      expect(
        run.of('cell-started').filter(({ cell }) => repeated.has(cell)),
        what,
      ).toEqual([])
      expect(readdirSync(join(folder.path, 'cloud')), what).toEqual([])
      expect(await readLedgers(), what).toEqual([])
      const model = foldEvents(events)
      expect(
        model.cells.map(({ status, attempt }) => `${status} ${attempt}`).every((one) => /^pass [12]$/.test(one)),
        what,
      ).toBe(true)
      rmSync(run.runDir, { recursive: true })
      rmSync(join(folder.path, 'cloud'), { recursive: true, force: true })
      mkdirSync(join(folder.path, 'cloud'))
    }
  },
)

test('a cancelled run can be resumed; an ended one leaves nothing to resume', async () => {
  using folder = testFolder()
  const cancel = new AbortController()
  const first = await fakeRun(folder.path, {
    images: IMAGES,
    runId: RUN,
    concurrency: 1,
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.type === 'step-started' && event.step === 'reboot' && event.cell.includes('13')) cancel.abort()
    },
  })
  expect(first.exitCode).toBe(130)
  expect(await recallRun(RUN)).toMatchObject({ runId: RUN, cells: [{}, {}] })
  const second = await resume(folder.path)
  expect(second.exitCode).toBe(0)
  expect(second.events[0]?.type).toBe('run-resumed')
  expect(second.ends.map(({ cell, attempt }) => `${cell.split('/')[1]} ${attempt}`)).toEqual(['debian-13 2'])
  expect(await recallRun(RUN)).toBeUndefined()
  const model = foldEvents(eventsOf(second.runDir).events)
  expect(model).toMatchObject({ ended: true, status: 'pass', exitCode: 0, resumed: { times: 1 } })
})

test(
  'cells that a cancelled run did not begin, or only found something bad in, are worked on',
  { timeout: 30_000 },
  async () => {
    using folder = testFolder()
    const options = {
      images: IMAGES,
      runId: RUN,
      concurrency: 1,
      matrix: { suites: ['regression'], checks: [checksAt('slow.ts')], timeouts: { check: '30 seconds' } },
    }
    const cancel = new AbortController()
    const first = await fakeRun(folder.path, {
      ...options,
      signal: cancel.signal,
      onEvent: (event) => {
        if (event.type === 'check-ended' && event.record.status === 'fail') cancel.abort()
      },
    })
    expect(
      first.ends.map(({ cell, status, cancelled }) => `${cell.split('/')[1]} ${status} ${cancelled}`).sort(),
    ).toEqual(['debian-12 fail true', 'debian-13 miss true'])
    process.env['RUNNER_TEST_QUICK'] = 'yes'
    onTestFinished(() => void delete process.env['RUNNER_TEST_QUICK'])
    const second = await fakeRun(folder.path, { ...options, resume: true })
    expect(second.ends.map(({ cell, attempt, status }) => `${cell.split('/')[1]} ${attempt} ${status}`)).toEqual([
      'debian-12 2 pass',
      'debian-13 1 pass',
    ])
    // It had failed before the run was cancelled.
    expect(second.records.find(({ id }) => id === 'a-quick')).toMatchObject({ status: 'pass', flaky: true })
    expect(second.ends.map(({ flaky }) => flaky ?? false)).toEqual([true, false])
  },
)

test('what a person was to look at stays', async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    images: IMAGES,
    runId: RUN,
    keep: 'always',
    platform: { directory: join(folder.path, 'cloud') },
  })
  const kept = readdirSync(join(folder.path, 'cloud'))
  expect(kept).toHaveLength(2)
  // As if it had been killed before it ended.
  const file = join(run.runDir, 'events.jsonl')
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  writeFileSync(
    file,
    lines.filter((line) => !line.includes('"run-ended"') && !/cell-ended.*13|13.*cell-ended/.test(line)).join('\n'),
  )
  const ledger = join(folder.path, 'state', 'ledger', `${RUN}.jsonl`)
  const text = readFileSync(ledger, 'utf8').replace(/"startTicks":"\d+"/, '"startTicks":"1"')
  writeFileSync(ledger, text)
  halfMade(folder.path, 'half-made', 'fake/debian-13/default/default')
  const again = await fakeRun(folder.path, {
    images: IMAGES,
    runId: RUN,
    resume: true,
    platform: { directory: join(folder.path, 'cloud') },
  })
  expect(again.exitCode).toBe(0)
  expect(readdirSync(join(folder.path, 'cloud'))).toEqual(kept)
  const [state] = await readLedgers()
  expect(state?.open.filter((entry) => entry.kept)).toHaveLength(2)
})

test('a run is worked on by one process at a time', async () => {
  using folder = testFolder()
  const cancel = new AbortController()
  let second: Promise<unknown> | undefined
  await fakeRun(folder.path, {
    runId: RUN,
    onEvent: (event) => {
      if (event.type === 'cell-started') second = resume(folder.path).catch((error: unknown) => error)
    },
    signal: cancel.signal,
  })
  expect(String(await second)).toContain(`the run ${RUN} still goes on`)
})

test('what was never resumed is forgotten after a month', async () => {
  using folder = testFolder()
  const old = join(folder.path, 'state', 'runs', 'old.json')
  mkdirSync(join(folder.path, 'state', 'runs'), { recursive: true })
  writeFileSync(old, '{}')
  utimesSync(old, new Date('2020-01-01'), new Date('2020-01-01'))
  writeFileSync(join(folder.path, 'state', 'runs', 'new.json'), '{}')
  await fakeRun(folder.path)
  expect(readdirSync(join(folder.path, 'state', 'runs'))).toEqual(['new.json'])
})
