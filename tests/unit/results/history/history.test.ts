import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { historyText } from '../../../../src/cli/history-text.ts'
import type { CheckRecord } from '../../../../src/results/check-record.ts'
import type { RunEvent } from '../../../../src/results/event.ts'
import { type History, HistoryGatherer } from '../../../../src/results/history/history.ts'
import { readHistory } from '../../../../src/results/history/read-history.ts'
import { cellOf, record } from '../../../fixtures/events/recording.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'history-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const IMAGES = ['debian-11', 'debian-12', 'debian-13']

/** Writes a run: for each image the records of its attempts. */
function writeRun(number: number, recordsOf: (image: string) => CheckRecord[][], more: string[] = []): void {
  const runId = `202601${String(number).padStart(2, '0')}-000000-test`
  const at = `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`
  const cells = IMAGES.map((image) => cellOf(image, 'none'))
  const events: RunEvent[] = [
    { type: 'run-started', at, version: 1, runId, harness: '1', argv: [], host: { name: 'h' }, cells, excluded: [] },
  ]
  for (const cell of cells) {
    recordsOf(cell.image).forEach((records, index, all) => {
      const attempt = index + 1
      const last = attempt === all.length
      events.push({
        type: 'cell-started',
        at,
        cell: cell.id,
        attempt,
        ...(index > 0 ? { again: 'tests', keeps: true } : {}),
      })
      for (const one of records) events.push({ type: 'check-ended', at, cell: cell.id, attempt, record: one })
      const bad = records.some(({ status }) => status === 'fail')
      events.push({
        type: 'cell-ended',
        at,
        cell: cell.id,
        attempt,
        status: bad ? 'fail' : 'pass',
        durationMs: number * 1000,
        boots: 1,
        ...(last ? {} : { next: 'tests' }),
        ...(last && index > 0 ? { flaky: true } : {}),
      })
    })
  }
  mkdirSync(join(folder, runId))
  writeFileSync(
    join(folder, runId, 'events.jsonl'),
    [...events.map((event) => JSON.stringify(event)), ...more].join('\n'),
  )
}

const made = (id: string, status: CheckRecord['status'] = 'pass', more: Partial<CheckRecord> = {}) =>
  record({ id, title: id, status, ...more })

async function gather(most = 50): Promise<History> {
  const gatherer = new HistoryGatherer()
  for await (const outcomes of readHistory(folder, most)) for (const outcome of outcomes) gatherer.take(outcome)
  return gatherer.history()
}

test('failures, flakes and flips are counted, and the axis that explains them is named', async () => {
  for (let run = 1; run <= 6; run++) {
    writeRun(run, (image) => {
      const bad = made('bad-on-12', image === 'debian-12' ? 'fail' : 'pass')
      const good = [made('good'), made('skipped', 'skip'), made('lost', 'miss')]
      if (image !== 'debian-13' || run !== 2) return [[bad, ...good, made('now-and-then')]]
      return [[bad, ...good, made('now-and-then', 'fail')], [made('now-and-then', 'pass', { flaky: true })]]
    })
  }
  const history = await gather()
  expect(history).toMatchObject({ runs: 6, from: '2026-01-01T00:00:00.000Z', to: '2026-01-06T00:00:00.000Z' })
  const of = (id: string) => history.checks.find((check) => check.id === id)
  expect(of('bad-on-12')).toMatchObject({
    judged: 18,
    failed: 6,
    flaky: 0,
    explanation: {
      where: [{ axis: 'release', value: 'debian 12' }],
      inside: { bad: 6, total: 6 },
      outside: { bad: 0, total: 12 },
    },
  })
  expect(of('now-and-then')).toMatchObject({
    judged: 18,
    failed: 0,
    flaky: 1,
    flakeRate: 1 / 18,
    trouble: ['20260102-000000-test'],
  })
  expect(of('now-and-then')).not.toHaveProperty('explanation')
  expect(of('good')).toMatchObject({ judged: 18, failed: 0, flaky: 0 })
  expect([of('skipped')?.judged, of('lost')?.judged], 'what was not judged is no judgement').toEqual([0, 0])
  expect(history.checks.map(({ id }) => id).slice(0, 2)).toEqual(['bad-on-12', 'now-and-then'])
  const [worst] = history.cells
  expect(worst).toMatchObject({ failed: 6, statuses: Array(6).fill('fail'), usualMs: undefined })
  expect(history.cells.find(({ id }) => id.includes('13'))).toMatchObject({ failed: 0, flaky: 1, usualMs: 4000 })
  expect(historyText({ ...history, checks: history.checks.slice(0, 3) })).toMatchInlineSnapshot(`
    "6 runs, 2026-01-01 to 2026-01-06

    CHECK         JUDGED  FAILED  FLAKY      FLIPS  WHERE
    bad-on-12     18      6       0          0      only where release is debian 12: 6 of 6, elsewhere 0 of 12
    now-and-then  18      0       1 (5.6 %)  0      no axis explains it
    good          18      0       0          0

    CELL                             JUDGED  FAILED  FLAKY  USUALLY  LAST 20 RUNS
    lxd/debian-12/default/container  6       6       0      -        FFFFFF
    lxd/debian-13/default/container  6       0       1      4.0 s    .~....
    lxd/debian-11/default/container  6       0       0      4.0 s    ......"
  `)
})

test('a change between runs is a flip', async () => {
  for (const [index, status] of (['pass', 'fail', 'pass', 'fail', 'fail'] as const).entries())
    writeRun(index + 1, (image) => [[made('c', image === 'debian-12' ? status : 'pass')]])
  expect((await gather()).checks).toMatchObject([{ id: 'c', judged: 15, failed: 3, flips: 3 }])
  expect((await gather(2)).checks).toMatchObject([{ judged: 6, failed: 2, flips: 0 }])
})

test('torn lines, newer harnesses and other folders are passed over', async () => {
  writeRun(1, () => [[made('c')]], ['{"at":"2026-01-01T00:00'])
  mkdirSync(join(folder, '20260102-000000-newr'))
  writeFileSync(
    join(folder, '20260102-000000-newr', 'events.jsonl'),
    '{"type":"run-started","at":"","version":2,"runId":"","cells":[]}\n',
  )
  mkdirSync(join(folder, '20260103-000000-none'))
  mkdirSync(join(folder, 'other'))
  expect(await gather()).toMatchObject({ runs: 1, checks: [{ judged: 3 }] })
  rmSync(folder, { recursive: true })
  expect(historyText(await gather())).toBe('there are no runs yet')
})
