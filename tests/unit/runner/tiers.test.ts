import { expect, test } from 'vitest'
import type { Cell } from '../../../src/matrix/cell.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import type { Tier } from '../../../src/matrix/tier.ts'
import { loadChecks } from '../../../src/runner/checks/load-checks.ts'
import { planCell } from '../../../src/runner/plan/plan.ts'
import { tierOf } from '../../../src/runner/plan/tier-of.ts'
import type { Check, PolicyInfo, RegressionInfo } from '../../../src/testing/check.ts'

const base = { title: 't', because: 'b', source: 's', severity: 'blocker' } as const
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

function cell(change: Partial<Cell>, source = 'suite:sid'): Cell {
  const text = JSON.stringify({
    axes: { platform: ['lxd'], image: ['debian-13'], boot: ['container'] },
    agent: { source },
    suites: ['policy', 'regression'],
  })
  const [only] = expandMatrix(parseMatrix(text, 'matrix.yaml')).cells
  if (!only) throw new Error('no cell')
  return { ...only, ...change }
}

const CAPABILITIES = new Set(['at-rest', 'snapshot', 'user-data'] as const)

test.each<[Tier, Check, Parameters<typeof tierOf>[1]]>([
  ['smoke', policy('facts-of-one-machine', { severity: 'minor' }), 'first-boot'],
  ['smoke', policy('at-rest', { phase: 'rest' }), 'rest'],
  ['standard', policy('second-machine', { phase: 'pair' }), 'pair'],
  ['smoke', regression('quick'), undefined],
  ['standard', regression('slow', { timeoutMs: 240_000 }), undefined],
  ['standard', regression('own', { instance: 'own' }), undefined],
  ['standard', regression('reboots', { disruptive: true }), undefined],
  ['standard', regression('major', { severity: 'major' }), undefined],
  ['full', regression('major-reboots', { severity: 'major', disruptive: true }), undefined],
  ['full', regression('minor', { severity: 'minor' }), undefined],
  ['smoke', regression('says-so', { severity: 'minor', tier: 'smoke' }), undefined],
])('the tier is %s of %o in phase %s', (tier, check, phase) => expect(tierOf(check, phase)).toBe(tier))

test('a smoke cell needs one machine only, and tells what it left out', () => {
  const checks = [
    policy('p', { phase: ['first-boot', 'pair'] }),
    regression('own', { instance: 'own' }),
    regression('quick'),
    regression('reboots', { disruptive: true }),
  ]
  const last = { status: 'pass', at: '2026-11-20T03:00:00.000Z', runId: '20261120-030000-abcd' } as const
  const plan = planCell(cell({ tier: 'smoke' }), checks, CAPABILITIES, (id, key) =>
    id === 'lxd/debian-13/default/container' && key === 'regression/own//upgraded/' ? last : undefined,
  )
  expect(plan.checks.map(({ key }) => key)).toEqual([
    'policy/p/first-boot/image',
    'policy/p/first-boot/upgraded',
    'regression/quick/-/upgraded',
  ])
  expect(plan.needs).toEqual({ rest: false, pair: false, snapshot: false, warm: false, live: true })
  expect(
    plan.skipped.map(({ id, phase, status, reason, notSelected }) => ({ id, phase, status, reason, notSelected })),
  ).toEqual([
    {
      id: 'own',
      phase: undefined,
      status: 'skip',
      reason: 'not selected, by tier smoke; last known: pass on 2026-11-20 in run 20261120-030000-abcd',
      notSelected: { by: 'tier smoke', last },
    },
    {
      id: 'p',
      phase: 'pair',
      status: 'skip',
      reason: 'not selected, by tier smoke; no earlier result is known',
      notSelected: { by: 'tier smoke' },
    },
    expect.objectContaining({ id: 'reboots', notSelected: { by: 'tier smoke' } }),
  ])
})

test('what does not apply is not called not selected', () => {
  const plan = planCell(
    cell({ tier: 'smoke' }),
    [regression('own', { instance: 'own', applies: { platforms: ['ec2'] } })],
    CAPABILITIES,
  )
  expect(plan.skipped).toMatchObject([{ reason: 'only on ec2' }])
  expect(plan.skipped[0]).not.toHaveProperty('notSelected')
})

test('a change selects checks by id', () => {
  const only = { onlyChecks: { globs: ['net-*', 'reg-net-*'], by: 'change rule network' } }
  const plan = planCell(
    cell({ ...only, tier: 'full' }, 'none'),
    [policy('net-a'), policy('boot-a'), regression('reg-net-a')],
    CAPABILITIES,
  )
  expect(plan.checks.map(({ id }) => id)).toEqual(['net-a', 'reg-net-a'])
  expect(plan.skipped).toMatchObject([{ id: 'boot-a', notSelected: { by: 'change rule network' } }])
})

test.each([
  [['-boot-a'], ['net-a', 'reg-net-a']],
  [['*net-*', '-reg-*'], ['net-a']],
  [['-*'], []],
])('checks are left out by %j', (globs, ids) => {
  const plan = planCell(
    cell({ onlyChecks: { globs, by: 'the matrix' }, tier: 'full' }, 'none'),
    [policy('net-a'), policy('boot-a'), regression('reg-net-a')],
    CAPABILITIES,
  )
  expect(plan.checks.map(({ id }) => id)).toEqual(ids)
})

test('of the checks the harness brings along each tier takes its part', async () => {
  const checks = [...(await loadChecks()).values()]
  const regressions = (tier: Tier) =>
    checks.filter((check) => check.suite === 'regression' && tierOf(check) === tier).length
  const counts = { smoke: regressions('smoke'), standard: regressions('standard'), full: regressions('full') }
  expect(counts.smoke).toBeGreaterThan(5)
  expect(counts.standard).toBeGreaterThan(counts.smoke)
  expect(counts.full).toBeGreaterThan(5)
  const own = checks.filter((check) => check.suite === 'regression' && check.info.instance === 'own')
  expect(own.map((check) => tierOf(check))).not.toContain('smoke')
})
