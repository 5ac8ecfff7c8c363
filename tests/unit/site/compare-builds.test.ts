import { expect, test } from 'vitest'
import type { CellRunRow, ImageRow } from '../../../src/archive/index.ts'
import { compareBuilds, type BuildSide } from '../../../src/site/compare-builds.ts'
import { check } from '../archive/test-archive.ts'

const image = (build: string): ImageRow => ({
  digest: `sha256:${build}`,
  name: 'debian-13',
  basis: 'stored',
  distribution: 'debian',
  release: '13',
  architecture: 'x86_64',
  variant: 'default',
  description: '',
  build,
  builtAt: 0,
})

/** A build with results: checks by cell. */
function side(
  build: string,
  checks: Record<string, ReturnType<typeof check>[]>,
  more: Partial<BuildSide> = {},
): BuildSide {
  const results = Object.keys(checks).map((cell) => ({ uid: `${build}-${cell}`, cell, bootMs: 1000 }) as CellRunRow)
  return {
    image: image(build),
    results,
    checks: new Map(Object.entries(checks).map(([cell, records]) => [`${build}-${cell}`, records])),
    packages: undefined,
    ...more,
  }
}
const log = (status: 'fail' | 'pass') => check('log-x', status, { suite: 'logs' })

test('what broke, what was fixed, what fails as before', () => {
  const before = side('1', { a: [check('x', 'pass'), check('y', 'fail'), check('z', 'fail')] })
  const after = side('2', { a: [check('x', 'fail'), check('y', 'pass'), check('z', 'error')] })
  const { broke, fixed, stillFailing, cells } = compareBuilds(before, after)
  expect([broke, fixed, stillFailing].map((all) => all.map(({ record }) => record.id))).toEqual([['x'], ['y'], ['z']])
  expect(cells).toBe(1)
})

test('what was not judged is neither broken nor fixed', () => {
  const before = side('1', {
    a: [check('x', 'skip'), check('y', 'fail'), check('old', 'fail')],
    b: [check('x', 'pass')],
  })
  const after = side('2', {
    a: [check('x', 'fail'), check('y', 'miss'), check('new', 'fail')],
    c: [check('x', 'fail')],
  })
  const { broke, fixed, onlyBefore, onlyAfter, cells } = compareBuilds(before, after)
  expect([broke, fixed]).toEqual([[], []])
  expect([onlyBefore, onlyAfter, cells]).toEqual([1, 1, 1])
})

test('a log rule that was silent passed, where logs were read', () => {
  const silent = side('1', { a: [check('x', 'pass')] })
  expect(compareBuilds(silent, side('2', { a: [check('x', 'pass'), log('fail')] })).broke).toHaveLength(1)
  expect(
    compareBuilds(side('1', { a: [check('x', 'pass'), log('fail')] }), side('2', { a: [check('x', 'pass')] })).fixed,
  ).toHaveLength(1)
  expect(compareBuilds(side('1', { a: [] }), side('2', { a: [log('fail')] })).broke).toEqual([])
})

test('checks that are no longer kept are no comparison', () => {
  const before = side('1', { a: [check('x', 'fail')] })
  const { cells, fixed } = compareBuilds(before, side('2', { a: [check('x', 'pass')] }, { checks: new Map() }))
  expect([cells, fixed]).toEqual([0, []])
})

test('packages: those that explain most on top, architectures told apart', () => {
  const packages = (all: [string, string, string?][]) =>
    all.map(([name, version, architecture = 'amd64']) => ({ name, version, architecture, source: name }))
  const before = side(
    '1',
    {},
    {
      packages: packages([
        ['bash', '1'],
        ['cloud-init', '25.1'],
        ['gone', '1'],
        ['libc', '2', 'i386'],
        ['libc', '2'],
      ]),
    },
  )
  const after = side(
    '2',
    {},
    {
      packages: packages([
        ['bash', '2'],
        ['cloud-init', '25.2'],
        ['new', '1'],
        ['libc', '3', 'i386'],
        ['libc', '2'],
      ]),
    },
  )
  expect(compareBuilds(before, after).packages).toEqual([
    { name: 'cloud-init', from: '25.1', to: '25.2' },
    { name: 'bash', from: '1', to: '2' },
    { name: 'gone', from: '1', to: undefined },
    { name: 'libc', from: '2', to: '3' },
    { name: 'new', from: undefined, to: '1' },
  ])
  expect(compareBuilds(before, side('2', {})).packages).toBeUndefined()
})
