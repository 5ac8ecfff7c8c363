import { expect, test } from 'vitest'
import { kcidbReport, readKcidb } from '../../../src/publish/formats/kcidb.ts'
import { emptyCell, type CellModel } from '../../../src/results/cell-model.ts'
import { emptyRun, type RunModel } from '../../../src/results/run-model.ts'
import { kcidb53 } from '../../fixtures/kcidb/schema-5.3.ts'
import { check } from '../archive/test-archive.ts'

const STARTED = '2026-11-20T10:00:00.000Z'

function runOf(hostile: string, more: Partial<CellModel> = {}): RunModel {
  const summary = {
    id: 'lxd/debian-13/default/container',
    platform: 'lxd',
    image: `debian-13${hostile}`,
    distribution: 'debian',
    release: '13',
    instanceType: 'default',
    boot: 'container',
    agent: { name: 'cloud-init', source: 'release' },
    suites: [],
    axes: { platform: 'lxd', note: hostile },
  }
  const long = `${hostile}${'\u{1F600}'.repeat(9_000)}`
  const cell: CellModel = {
    ...emptyCell(summary),
    state: 'ended',
    status: 'fail',
    startedAt: STARTED,
    reason: `it did not boot${hostile}`,
    checks: [
      check('good', 'pass', { title: `it holds${hostile}` }),
      check(`bad ${hostile}`, 'fail', { errors: [{ message: long }] }),
      check('off', 'skip', { reason: 'not here' }),
      check('lost', 'miss', { reason: 'no machine' }),
      check('broken', 'error'),
      check('measured', 'done'),
    ],
    logs: [{ file: `logs/a/b${hostile}.log`, title: 'a log', bytes: 1, truncated: false, redactions: 0 }],
    image: {
      id: 'f00',
      digest: `sha256:${'a'.repeat(64)}`,
      distribution: 'debian',
      release: '13',
      architecture: `AArch64-be${hostile}`,
      variant: 'default',
      description: hostile,
      build: `20261120${hostile}`,
    },
    ...more,
  }
  return { ...emptyRun(), runId: `r1${hostile}`, startedAt: STARTED, ended: true, cells: [cell] }
}

const link = (_: string, file: string) => `https://results.example.org/${encodeURIComponent(file.toWellFormed())}`

/** As somebody else receives it. */
const sent = (run: RunModel, origin = 'Debian Cloud'): unknown =>
  JSON.parse(JSON.stringify(kcidbReport(run, origin, link)))

test.each([
  ['plain', ''],
  ['NUL and escapes', '\0\u001b[31m\u0007'],
  ['half a character', '\ud83d'],
  ['markup and quotes', `"><script>'&\u202e`],
  ['slashes', '/../..//x'],
])('a report is what the schema of KCIDB 5.3 asks for: %s', (_, hostile) => {
  const { error, data } = kcidb53.safeParse(sent(runOf(hostile)))
  expect(error).toBeUndefined()
  expect(data?.tests?.map(({ status }) => status)).toEqual(['FAIL', 'PASS', 'FAIL', 'SKIP', 'MISS', 'ERROR', 'DONE'])
  expect(data?.tests?.[0]?.output_files).toHaveLength(1)
  expect(JSON.stringify(data)).not.toContain('\\ud83d"')
  expect(JSON.stringify(data)).not.toContain('\\u0000')
})

test('a cell of which little is known, and a submitter whose name has no letters', () => {
  const { image: _image, reason: _reason, ...bare } = runOf('').cells[0] ?? expect.fail()
  const run = { ...runOf(''), cells: [{ ...bare, startedAt: undefined, checks: [], logs: [] }] }
  expect(kcidb53.safeParse(sent(run, '***')).error).toBeUndefined()
})

test.each<[string, (report: Record<string, Record<string, unknown>[]>) => void]>([
  ['a field it does not know', ({ tests }) => Object.assign(tests?.[0] ?? {}, { waived: true })],
  ['an id of nobody', ({ tests }) => Object.assign(tests?.[0] ?? {}, { id: 'x' })],
  ['a status in small letters', ({ tests }) => Object.assign(tests?.[0] ?? {}, { status: 'pass' })],
  ['no build', ({ tests }) => Object.assign(tests?.[0] ?? {}, { build_id: undefined })],
  ['null', ({ builds }) => Object.assign(builds?.[0] ?? {}, { comment: null })],
  ['a NUL', ({ checkouts }) => Object.assign(checkouts?.[0] ?? {}, { comment: 'a\0b' })],
])('what says the schema again refuses %s', (_, change) => {
  const report = sent(runOf('')) as Record<string, Record<string, unknown>[]>
  change(report)
  expect(kcidb53.safeParse(report).success).toBe(false)
})

test('reports of other versions are read, a newer one is refused, and what was not judged is no pass', () => {
  const report = (major: number, one: object) => JSON.stringify({ version: { major, minor: 0 }, tests: [one] })
  const base = { build_id: 'ci:1', id: 'ci:2', origin: 'ci', path: 'ltp.sem01' }
  expect(readKcidb(report(3, { ...base, status: 'PASS', description: 'semaphores' })).tests).toEqual([
    { name: 'ltp.sem01', status: 'pass', reason: 'semaphores' },
  ])
  expect(readKcidb(report(4, { ...base, status: 'FAIL', waived: true, log_excerpt: 'BUG' })).tests).toMatchObject([
    { status: 'fail', message: 'BUG' },
  ])
  expect(readKcidb(report(5, { ...base, path: '', duration: 1.5, start_time: '2026-11-20T10:00:00.5+02:00' }))).toEqual(
    {
      format: 'kcidb',
      tests: [{ name: 'ci:2', status: 'miss', durationMs: 1500 }],
      startedAt: '2026-11-20T08:00:00.500Z',
    },
  )
  expect(() => readKcidb(report(6, base))).toThrow(/version 6/)
  expect(() => readKcidb(report(5, { ...base, status: 'MAYBE' }))).toThrow(/tests.0.status/)
})
