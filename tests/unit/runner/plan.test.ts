import { expect, test } from 'vitest'
import type { Capability } from '../../../src/instance/machine.ts'
import type { Cell } from '../../../src/matrix/cell.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { mergeUserData } from '../../../src/runner/checks/multipart.ts'
import { planCell } from '../../../src/runner/plan/plan.ts'
import { exitCodeOf } from '../../../src/results/status.ts'
import { cellVerdict } from '../../../src/runner/cell/verdict.ts'
import type { Check, PolicyInfo, RegressionInfo } from '../../../src/testing/check.ts'

const base = { title: 't', because: 'b', source: 's', severity: 'major' } as const
const policy = (id: string, info: Partial<PolicyInfo> = {}): Check => ({
  suite: 'policy',
  id,
  file: 'f',
  judge: () => {},
  info: { ...base, phase: 'first-boot', ...info },
})
const regression = (id: string, info: Partial<RegressionInfo> = {}): Check => ({
  suite: 'regression',
  id,
  file: 'f',
  judge: async () => {},
  info: { ...base, ...info },
})

function cell(source: string, suites: string[] = ['policy', 'regression']) {
  const text = JSON.stringify({
    axes: { platform: ['lxd'], image: ['debian-13'], boot: ['container'] },
    agent: { source },
    suites,
  })
  const [only] = expandMatrix(parseMatrix(text, 'matrix.yaml')).cells
  if (!only) throw new Error('no cell')
  return only
}
const planned = (plan: ReturnType<typeof planCell>) => plan.checks.map(({ key, lane }) => `${key} ${lane}`)

test('an upgraded image is judged as a first boot again, and compared with the unmodified one', () => {
  const checks = [
    policy('p', { phase: ['rest', 'first-boot', 'after-reboot'] }),
    regression('r'),
    regression('a-reboot', { disruptive: true }),
  ]
  expect(planned(planCell(cell('suite:sid'), checks, new Set(['at-rest'])))).toEqual([
    'policy/p/rest/image policy',
    'policy/p/first-boot/image policy',
    'policy/p/first-boot/upgraded policy',
    'policy/p/after-reboot/upgraded policy',
    'regression/r/-/upgraded shared',
    'regression/r/-/baseline baseline',
    'regression/a-reboot/-/upgraded shared',
  ])
  expect(planned(planCell(cell('none'), checks, new Set(['at-rest'])))).toEqual([
    'policy/p/rest/image policy',
    'policy/p/first-boot/image policy',
    'policy/p/after-reboot/image policy',
    'regression/r/-/image shared',
    'regression/a-reboot/-/image shared',
  ])
})

test('what cannot be done here is skipped with the reason, and a cell with nothing left is not launched', () => {
  const checks = [
    policy('p-rest', { phase: 'rest' }),
    policy('p-kernel', { applies: { ownKernel: true } }),
    policy('p-elsewhere', { applies: { distributions: ['alpine'] } }),
    regression('r-disk', { applies: { capabilities: ['extra-disk'] } }),
    regression('r-own', { instance: 'own', userData: 'x' }),
  ]
  const plan = planCell(cell('none'), checks, new Set())
  expect(plan.skipped.map(({ id, reason }) => `${id}: ${reason}`).sort()).toMatchInlineSnapshot(`
    [
      "p-elsewhere: only for alpine",
      "p-kernel: needs its own kernel, this is a container",
      "p-rest: lxd cannot open an image at rest",
      "r-disk: lxd cannot extra-disk",
      "r-own: an own instance needs snapshot, user-data, which the platform cannot do",
    ]
  `)
  expect(plan.nothing).toBe('none of the 5 checks applies here')
  expect(planCell(cell('none', []), checks, new Set()).nothing).toBeUndefined()
})

test('checks of cloud identities are planned in cells that have one, and nowhere else', () => {
  const checks = [regression('r'), regression('r-ds', { applies: { identities: ['ec2'] } })]
  expect(planCell(cell('none'), checks, new Set())).toMatchObject({ checks: [{ id: 'r' }], skipped: [] })
  const nothing = planCell(cell('none'), checks.slice(1), new Set())
  expect(nothing.nothing).toBe('none of the 0 checks applies here, 1 more is for cells with the axis identity')
  const gce = planCell({ ...cell('none'), axes: { identity: 'gce' } }, checks, new Set())
  expect(gce.skipped).toMatchObject([{ id: 'r-ds', reason: 'only with the identity ec2' }])
  const two = [regression('r-net', { instance: 'own', cloud: { ipv6: true }, applies: { identities: 'any' } })]
  const place = { ...cell('none'), axes: { identity: 'gce' } }
  expect(planCell(place, two, new Set(['snapshot'])).skipped[0]?.reason).toContain('ipv6')
  expect(planCell(place, two, new Set(['snapshot', 'ipv6'])).checks).toHaveLength(1)
})

test('own instances of one group share one launch with all their user data', () => {
  const own = (id: string, userData: string) => regression(id, { instance: 'own', group: 'g', userData })
  const { groups, needs } = planCell(
    cell('none'),
    [own('a', '#cloud-config\na: 1\n'), own('b', '#!/bin/sh\ntrue\n'), own('c', '#!/bin/sh\ntrue\n')],
    new Set(['snapshot', 'user-data']),
  )
  expect(groups).toEqual([{ name: 'g', userData: ['#cloud-config\na: 1\n', '#!/bin/sh\ntrue\n'] }])
  expect(needs).toMatchObject({ snapshot: true, live: true, pair: false })
  const merged = mergeUserData(groups[0]?.userData ?? []) ?? ''
  expect(merged.match(/^Content-Type: .*$/gm)).toEqual([
    expect.stringContaining('multipart/mixed'),
    'Content-Type: text/cloud-config; charset="utf-8"',
    'Content-Type: text/x-shellscript; charset="utf-8"',
  ])
  expect(mergeUserData(['only'])).toBe('only')
  expect(mergeUserData([])).toBeUndefined()
})

test('a verdict is the worst of what counts', () => {
  const record = (status: 'pass' | 'fail' | 'skip', more = {}) => ({
    id: 'c',
    suite: 'policy' as const,
    title: 't',
    severity: 'major' as const,
    subject: 'image' as const,
    baseline: false,
    status,
    errors: [],
    durationMs: 1,
    ...more,
  })
  const waived = { reason: 'r', tracker: 'https://t', until: '2999-01-01' }
  expect(cellVerdict([record('pass'), record('fail', { baseline: true })], [], false).status).toBe('pass')
  expect(cellVerdict([record('pass'), record('fail', { waived })], [], false)).toEqual({
    status: 'pass',
    reason: '1 waived failure does not count: c',
  })
  expect(cellVerdict([record('fail')], [], false)).toEqual({ status: 'fail', reason: '1 failed: c' })
  expect(cellVerdict([record('skip')], [], false).status).toBe('pass')
  const failure = {
    status: 'miss' as const,
    error: { name: 'E', message: 'no machine', blame: 'provider' as const },
    retryable: true,
  }
  expect(cellVerdict([record('pass')], [failure], false)).toMatchObject({ status: 'miss', reason: 'no machine' })
})

test.each([
  [['pass'], { interrupted: false, leaks: 0 }, 0],
  [['pass', 'fail', 'miss'], { interrupted: false, leaks: 1 }, 1],
  [['pass', 'miss'], { interrupted: false, leaks: 0 }, 3],
  [['pass', 'miss'], { interrupted: false, leaks: 1 }, 4],
  [['fail'], { interrupted: true, leaks: 0 }, 130],
] as const)('%j with %j exits with %i', (statuses, run, code) => {
  expect(exitCodeOf([...statuses], run)).toBe(code)
})

test('a check that is about an axis is planned only where the cell has the value', () => {
  const checks = [regression('disks', { applies: { axes: { disk: 'extra-*' } } })]
  const plain = cell('none')
  expect(planCell(plain, checks, new Set()).skipped).toMatchObject([{ reason: 'only in cells with disk: extra-*' }])
  const more = { ...plain, axes: { ...plain.axes, disk: 'extra-1GiB' } }
  expect(planned(planCell(more, checks, new Set()))).toEqual(['regression/disks/-/image shared'])
})

test('an own instance continues from memory when all its checks allow it and nothing has to be new', () => {
  const own = (id: string, info: Partial<RegressionInfo>) => regression(id, { instance: 'own', warm: true, ...info })
  const checks = [
    own('a', { group: 'warm' }),
    own('b', { group: 'warm' }),
    own('c', { group: 'mixed' }),
    own('d', { group: 'mixed', warm: false }),
    own('e', { userData: '#!/bin/sh' }),
  ]
  const warmth = (...capabilities: Capability[]) => {
    const { groups, needs } = planCell(cell('none'), checks, new Set(['snapshot', 'user-data', ...capabilities]))
    return [groups.filter(({ warm }) => warm).map(({ name }) => name), needs.warm, needs.snapshot]
  }
  expect(warmth('warm-start')).toEqual([['warm'], true, true])
  expect(warmth()).toEqual([[], false, true])
})

test('what spoils the shared instance gets a copy of it where that costs no boot', () => {
  const checks = [regression('a', { disruptive: true, warm: true }), regression('b', { disruptive: true })]
  const lanes = (wanted: Cell, ...capabilities: Capability[]) => {
    const { checks: all, needs } = planCell(wanted, checks, new Set(['snapshot', ...capabilities]))
    return [...all.map(({ lane }) => lane), needs.warm]
  }
  expect(lanes(cell('none'), 'warm-start')).toEqual(['own:a', 'shared', true])
  expect(lanes(cell('none'))).toEqual(['shared', 'shared', false])
  expect(lanes({ ...cell('none'), disks: [{ sizeGiB: 1 }] }, 'warm-start')).toEqual(['shared', 'shared', false])
})

test('checks get longer where machines are slow, as far as they name a time', () => {
  const slow = { ...cell('none'), timeouts: { bootMs: 1000, checkMs: 400, cellMs: 1, cleanupMs: 1, pace: 4 } }
  const checks = [
    regression('a'),
    regression('b', { timeoutMs: 50 }),
    regression('c', { instance: 'own', timeoutMs: 50 }),
  ]
  const plan = planCell(slow, checks, new Set(['snapshot']))
  expect(plan.checks.map(({ id, timeoutMs }) => [id, timeoutMs])).toEqual([
    ['a', 400],
    ['b', 200],
    ['c', 4200],
  ])
})
