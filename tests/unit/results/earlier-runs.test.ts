import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readEarlierRuns } from '../../../src/results/earlier-runs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earlier-runs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const A = 'lxd/debian-13/default/container'
const B = 'lxd/debian-12/default/container'

function run(runId: string, ...events: object[]): void {
  mkdirSync(join(folder, runId))
  const lines = events.map((event) =>
    JSON.stringify({ at: `${runId.slice(0, 4)}-11-${runId.slice(6, 8)}T00:00:00.000Z`, attempt: 1, ...event }),
  )
  writeFileSync(join(folder, runId, 'events.jsonl'), `${lines.join('\n')}\n`)
}
const ended = (cell: string, status: string, more: object = {}) => ({
  type: 'cell-ended',
  cell,
  status,
  durationMs: 1,
  boots: 1,
  ...more,
})
const check = (cell: string, id: string, status: string) => ({
  type: 'check-ended',
  cell,
  record: { suite: 'policy', id, phase: 'first-boot', subject: 'image', baseline: false, status },
})
const read = (checks = false, most = 30) => readEarlierRuns(folder, { cells: new Set([A, B]), checks, most })

test('the newest judgement counts, and a lack of one does not', async () => {
  run('20261101-000000-aaaa', ended(A, 'fail'), ended(B, 'pass'))
  run('20261102-000000-aaaa', ended(A, 'pass'), ended(B, 'miss'))
  run('20261103-000000-aaaa', ended(A, 'skip'))
  const earlier = await read()
  expect(earlier.runs).toBe(3)
  expect(earlier.cell(A)).toEqual({ status: 'pass', at: '2026-11-02T00:00:00.000Z', runId: '20261102-000000-aaaa' })
  expect(earlier.cell(B)).toMatchObject({ status: 'pass', runId: '20261101-000000-aaaa' })
  expect(earlier.cell('other')).toBeUndefined()
})

test('the last attempt of a cell is its result; a cancelled one is none', async () => {
  run('20261101-000000-aaaa', ended(A, 'fail', { next: 'tests' }), ended(A, 'pass', { attempt: 2 }))
  run('20261102-000000-aaaa', ended(A, 'fail', { cancelled: true }), ended(B, 'fail', { next: 'tests' }))
  const earlier = await read()
  expect(earlier.cell(A)).toMatchObject({ status: 'pass', runId: '20261101-000000-aaaa' })
  expect(earlier.cell(B)).toBeUndefined()
})

test('checks are read where they are asked for', async () => {
  run('20261101-000000-aaaa', check(A, 'one', 'fail'), check(A, 'two', 'pass'), ended(A, 'fail'))
  run('20261102-000000-aaaa', check(A, 'one', 'skip'), check(A, 'two', 'miss'))
  expect((await read()).check(A, 'policy/one/first-boot/image/')).toBeUndefined()
  const earlier = await read(true)
  expect(earlier.check(A, 'policy/one/first-boot/image/')).toMatchObject({ status: 'fail' })
  expect(earlier.check(A, 'policy/two/first-boot/image/')).toMatchObject({ status: 'pass' })
})

test('machine time comes newest first, whole attempts only', async () => {
  const usage = (seconds: number) => ({ usage: { machines: 1, seconds } })
  run('20261101-000000-aaaa', ended(A, 'pass', usage(1)))
  run(
    '20261102-000000-aaaa',
    ended(A, 'error', { ...usage(2), next: 'tests' }),
    ended(A, 'pass', { ...usage(3), attempt: 2 }),
    ended(B, 'miss', usage(9)),
  )
  const earlier = await read()
  expect(earlier.uses(A).map(({ seconds }) => seconds)).toEqual([3, 2, 1])
  expect(earlier.uses(B)).toEqual([])
})

test('only the newest runs are read, and damage is passed over', async () => {
  run('20261101-000000-aaaa', ended(A, 'pass'))
  run('20261102-000000-aaaa', ended(B, 'pass'))
  mkdirSync(join(folder, '20261103-000000-aaaa'))
  mkdirSync(join(folder, 'notes'))
  writeFileSync(join(folder, '20261102-000000-aaaa', 'events.jsonl'), '{"type":"cell-ended","cell":', { flag: 'a' })
  expect((await read(false, 2)).cell(A)).toBeUndefined()
  expect((await read(false, 3)).cell(A)).toMatchObject({ status: 'pass' })
  expect((await readEarlierRuns(join(folder, 'nowhere'), { cells: new Set() })).runs).toBe(0)
})
