import { expect, test } from 'vitest'
import { foreignResults } from '../../../src/publish/formats/foreign-test.ts'
import { kcidbReport, readKcidb } from '../../../src/publish/formats/kcidb.ts'
import { readJunit } from '../../../src/publish/formats/read-junit.ts'
import { readTap } from '../../../src/publish/formats/read-tap.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { readStatement } from '../../../src/publish/statement.ts'
import { junitXml } from '../../../src/reporters/junit.ts'
import { tapText } from '../../../src/reporters/tap.ts'
import { emptyCell } from '../../../src/results/cell-model.ts'
import { emptyRun, type RunModel } from '../../../src/results/run-model.ts'
import { check } from '../archive/test-archive.ts'

const ABOUT = {
  cell: 'lxd/debian-13/default/container',
  image: 'debian-13',
  digest: `sha256:${'a'.repeat(64)}`,
  startedAt: '2026-11-20T10:00:00.000Z',
}

function ownRun(): RunModel {
  const agent = { name: 'cloud-init', source: 'release' }
  const summary = {
    id: ABOUT.cell,
    platform: 'lxd',
    image: 'debian-13',
    distribution: 'debian',
    release: '13',
    instanceType: 'default',
    boot: 'container',
    agent,
    suites: [],
  }
  const checks = [
    check('good', 'pass'),
    check('bad # one', 'fail', { errors: [{ message: 'a <b> & "c"' }] }),
    check('off', 'skip', { reason: 'not here' }),
    check('lost', 'miss', { reason: 'no machine' }),
  ]
  const cell = {
    ...emptyCell(summary),
    state: 'ended' as const,
    status: 'fail' as const,
    startedAt: ABOUT.startedAt,
    checks,
  }
  return { ...emptyRun(), runId: 'r1', startedAt: ABOUT.startedAt, ended: true, cells: [cell] }
}

test('JUnit of others', () => {
  const run = readJunit(`<?xml version="1.0"?>
<testsuites><testsuite name="s" timestamp="2026-11-20T09:00:00">
  <testcase classname="net" name="dhcp" time="1.5"/>
  <testcase classname="net" name="ipv6 &lt;x&gt;"><failure message="no address"><![CDATA[line <1>]]></failure></testcase>
  <testcase name="broken"><error message="boom"/></testcase>
  <testcase name="lost"><error type="infra" message="no machine"/></testcase>
  <testcase name="later"><skipped message="not on arm"/></testcase>
</testsuite></testsuites>`)
  expect(run).toEqual({
    format: 'junit',
    startedAt: '2026-11-20T09:00:00.000Z',
    tests: [
      { name: 'net.dhcp', status: 'pass', durationMs: 1500 },
      { name: 'net.ipv6 <x>', status: 'fail', durationMs: 0, message: 'no address\nline <1>' },
      { name: 'broken', status: 'error', durationMs: 0, message: 'boom' },
      { name: 'lost', status: 'miss', durationMs: 0, message: 'no machine' },
      { name: 'later', status: 'skip', durationMs: 0, reason: 'not on arm' },
    ],
  })
})

test.each([
  ['entities of its own', '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite><testcase name="&a;"/></testsuite>'],
  ['a tag without an end', '<testsuite><testcase name="x'],
  ['nothing of JUnit', '<html></html>'],
])('XML with %s is refused', (_, text) => {
  expect(() => readJunit(text)).toThrow(/XML|JUnit/)
})

test('XML that is large and deep is read in one pass', () => {
  const many = `<testsuite>${'<a>'.repeat(200_000)}<testcase name="x"/>${'<testcase name="y"/>'.repeat(1_000)}`
  expect(readJunit(many).tests).toHaveLength(1_001)
})

test('TAP of others', () => {
  expect(
    readTap(`TAP version 13
1..6
ok 1 - boots
not ok 2 - has network
  ---
  message: no address
  ...
ok 3 - arm # SKIP not here
not ok 4 - later # TODO soon
    not ok 1 - a subtest does not count by itself
ok
`).tests,
  ).toEqual([
    { name: 'boots', status: 'pass' },
    { name: 'has network', status: 'fail', message: 'message: no address' },
    { name: 'arm', status: 'skip', reason: 'not here' },
    { name: 'later', status: 'skip', reason: 'soon' },
    { name: 'test-5', status: 'pass' },
    { name: 'test-6', status: 'miss', reason: 'it was planned, and no result came' },
  ])
  expect(readTap('1..2\nok 1\nBail out! no disk\n').tests.map(({ status }) => status)).toEqual(['pass', 'miss', 'miss'])
  expect(() => readTap('hello\n')).toThrow(/not TAP/)
})

test('what this harness writes for others is read back as it was', () => {
  const run = ownRun()
  expect(
    readJunit(junitXml(run))
      .tests.map(({ status }) => status)
      .sort(),
  ).toEqual(['fail', 'miss', 'pass', 'skip'])
  expect(readTap(tapText(run)).tests.map(({ name, status }) => [name.split(' ')[1], status])).toEqual([
    ['policy/good', 'pass'],
    ['policy/bad', 'fail'],
    ['policy/off', 'skip'],
    ['policy/lost', 'fail'],
  ])
  const report = kcidbReport(run, 'Debian Cloud', () => undefined)
  expect(readKcidb(JSON.stringify(report)).tests.map(({ name, status }) => [name, status])).toEqual([
    ['cell', 'fail'],
    ['policy.good.first-boot', 'pass'],
    ['policy.bad_one.first-boot', 'fail'],
    ['policy.off.first-boot', 'skip'],
    ['policy.lost.first-boot', 'miss'],
  ])
})

test('a report of KCIDB has what its schema asks for', () => {
  const report = kcidbReport(ownRun(), 'Debian Cloud', () => 'https://x.example.org/log') as {
    version: object
    checkouts: { id: string; origin: string }[]
    builds: { id: string; origin: string; checkout_id: string }[]
    tests: { id: string; origin: string; build_id: string; path: string; status: string }[]
  }
  expect(report.version).toEqual({ major: 5, minor: 3 })
  for (const { id, origin } of [...report.checkouts, ...report.builds, ...report.tests]) {
    expect(origin).toBe('debian_cloud')
    expect(id).toMatch(/^debian_cloud:[0-9a-f]{40}$/)
  }
  expect(new Set(report.tests.map(({ id }) => id)).size).toBe(report.tests.length)
  for (const build of report.builds) expect(build.checkout_id).toBe(report.checkouts[0]?.id)
  for (const one of report.tests) {
    expect(report.builds.map(({ id }) => id)).toContain(one.build_id)
    expect(one.path).toMatch(/^[.a-zA-Z0-9_-]*$/)
    expect(['FAIL', 'ERROR', 'MISS', 'PASS', 'DONE', 'SKIP']).toContain(one.status)
  }
  expect(() => readKcidb('{"version":{"major":9,"minor":0}}')).toThrow(/version 9/)
  expect(() => readKcidb('{}')).toThrow(/not a report/)
})

test('results of others become a statement that is valid, and never pass by having no test', () => {
  const results = foreignResults(readTap('1..1\nok 1 - x\n'), ABOUT)
  expect(readStatement(payloadOf(results)).subject).toEqual([{ name: 'debian-13', digest: { sha256: 'a'.repeat(64) } }])
  expect(foreignResults({ format: 'tap', tests: [] }, ABOUT).cells[0]?.status).toBe('miss')
  const many = Array.from({ length: 900 }, (_, index) => ({
    name: `t${index}`,
    status: index === 899 ? ('fail' as const) : ('pass' as const),
  }))
  const [cell] = foreignResults({ format: 'junit', tests: many }, ABOUT).cells
  expect(cell?.checks).toHaveLength(500)
  expect(cell?.status).toBe('fail')
  expect(cell?.checks[0]?.status).toBe('fail')
})
