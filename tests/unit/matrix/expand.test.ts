import { expect, test } from 'vitest'
import { formatAgentSource, parseAgentSource } from '../../../src/matrix/agent-source.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { matchesGlob } from '../../../src/matrix/glob.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { selectCells } from '../../../src/matrix/select.ts'
import { applyWaivers } from '../../../src/matrix/waivers.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'

const TEXT = `
axes:
  platform: [lxd, fake]
  image: [debian-12, debian-13]
agent: { source: release }
checks: [./general]
attempts: 3
platforms:
  fake: { attempts: 1, options: { speed: 2 }, timeouts: { boot: 10 seconds } }
images:
  debian-13: { agent: { source: 'suite:sid' }, checks: [./thirteen] }
include:
  - { platform: lxd, image: 'remote:own', boot: vm, suites: [], agent: { source: 'package:./a.deb' } }
exclude:
  - { platform: fake, image: '*-12', reason: not needed }
`
const platforms = (platform: string) =>
  platform === 'lxd' ? { boots: ['container', 'vm'], capabilities: ['extra-disk'] } : undefined

test('a matrix becomes cells, the nearest setting wins, exclusions keep their reason', () => {
  const { cells, excluded } = expandMatrix(parseMatrix(TEXT, '/m/matrix.yaml'), { platforms })
  expect(
    cells.map(({ id, agentSource, attempts, checks, timeouts }) => [
      id,
      formatAgentSource(agentSource),
      attempts,
      checks.join(),
      timeouts.bootMs,
    ]),
  ).toEqual([
    ['lxd/debian-12/default/container', 'release', 3, '/m/general', 300_000],
    ['lxd/debian-13/default/container', 'suite:sid', 3, '/m/thirteen,/m/general', 300_000],
    ['fake/debian-13/default/default', 'suite:sid', 1, '/m/thirteen,/m/general', 10_000],
    ['lxd/remote-own/default/vm', 'package:/m/a.deb', 3, '/m/general', 300_000],
  ])
  expect(excluded).toEqual([{ id: 'fake/debian-12/default/default', reason: 'not needed' }])
  expect(cells[2]).toMatchObject({ distribution: 'debian', release: '13', platformOptions: { speed: 2 } })
  expect(cells[3]).toMatchObject({ image: 'remote:own', suites: [] })
})

test('the command line wins over the file', () => {
  const { cells } = expandMatrix(parseMatrix(TEXT, '/m/matrix.yaml'), {
    platforms,
    override: { agent: { source: 'none' }, suites: ['logs'] },
  })
  expect(new Set(cells.map((cell) => `${cell.agentSource.kind} ${cell.suites.join()}`))).toEqual(new Set(['none logs']))
})

test.each([
  'none',
  'release',
  'suite:sid',
  'package:./x.deb',
  'repository:deb http://h/p s main [key=k.asc]',
  'command:apt-get -y install x',
])('source %s survives reading and writing', (text) => {
  expect(formatAgentSource(parseAgentSource(text))).toBe(text)
})

test('cells are selected by id, by a part of it, by platform and by image', () => {
  const { cells } = expandMatrix(parseMatrix(TEXT, '/m/matrix.yaml'), { platforms })
  const ids = (selection: Parameters<typeof selectCells>[1]) => selectCells(cells, selection).map((cell) => cell.id)
  expect(ids({ filter: ['lxd/*'] })).toHaveLength(3)
  expect(ids({ filter: ['lxd/debian-12'] })).toEqual(['lxd/debian-12/default/container'])
  expect(ids({ filter: ['debian-13'] })).toHaveLength(2)
  expect(ids({ platform: ['fake'], image: ['debian-1?'] })).toEqual(['fake/debian-13/default/default'])
  expect(() => ids({ image: ['debin-13'] })).toThrow(expect.objectContaining({ hint: 'did you mean "debian-13"?' }))
})

test('a glob with many stars stays linear', () => {
  expect(matchesGlob('a'.repeat(5000), `${'*a'.repeat(40)}b`)).toBe(false)
  expect(matchesGlob('lxd/debian-12/default', 'lxd/*-1?/d*')).toBe(true)
})

test('a waiver marks a failure and leaves its status', () => {
  const record: CheckRecord = {
    id: 'c',
    suite: 'policy',
    title: 't',
    severity: 'major',
    subject: 'image',
    baseline: false,
    status: 'fail',
    errors: [],
    durationMs: 1,
  }
  const waiver = { check: 'c', cells: 'lxd/debian-12/*', reason: 'r', tracker: 'https://t', until: '2999-01-01' }
  expect(applyWaivers(record, 'lxd/debian-12/default/container', [waiver])).toEqual({
    ...record,
    waived: { reason: 'r', tracker: 'https://t', until: '2999-01-01' },
  })
  expect(applyWaivers(record, 'lxd/debian-13/default/container', [waiver])).toEqual(record)
  const of = (status: 'pass' | 'skip' | 'error') =>
    applyWaivers({ ...record, status }, 'lxd/debian-12/default/container', [waiver])
  expect(of('pass'), 'it tells that the waiver is no longer needed').toMatchObject({ status: 'pass', waived: {} })
  expect([of('skip').waived, of('error').waived]).toEqual([undefined, undefined])
})
