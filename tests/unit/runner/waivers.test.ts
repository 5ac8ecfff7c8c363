import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import type { Waiver } from '../../../src/matrix/waivers.ts'
import { unneededWaivers } from '../../../src/runner/plan/check-waivers.ts'
import { record } from '../../fixtures/events/recording.ts'
import { checksAt, fakeRun, testFolder } from './fake-run.ts'

const waiver = (check: string, more: Partial<Waiver> = {}): Waiver => ({
  check,
  cells: 'fake/*',
  reason: 'known',
  tracker: 'https://bugs.example/1',
  until: '2999-01-01',
  position: { file: 'waivers.yaml', line: 7, column: 12 },
  ...more,
})

test(
  'a waived check is judged; when it passes the report says that the waiver is no longer needed',
  { timeout: 30_000 },
  async () => {
    using folder = testFolder()
    const run = await fakeRun(folder.path, {
      matrix: { suites: ['policy', 'regression'], checks: [checksAt('good.ts'), checksAt('failing.ts')] },
      waivers: [waiver('good-policy'), waiver('failing-policy'), waiver('good-shared', { cells: 'lxd/*' })],
    })
    expect(run.of('warning').map(({ message }) => message)).toEqual([
      'waiver no longer needed: good-policy passes; remove it at waivers.yaml:7 (https://bugs.example/1)',
    ])
    expect(
      run.records
        .filter(({ waived }) => waived)
        .map(({ id, status }) => `${id} ${status}`)
        .sort(),
    ).toEqual(['failing-policy fail', 'good-policy pass', 'good-policy pass'])
  },
)

test('a check whose run would do harm is left out, with the reason', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const run = await fakeRun(folder.path, {
    matrix: { suites: ['policy', 'regression'], checks: [checksAt('good.ts')] },
    waivers: [waiver('good-own', { skip: 'it fills the disk of the host' })],
  })
  expect(run.records.find(({ id }) => id === 'good-own')).toMatchObject({
    status: 'skip',
    reason:
      'not run, because it would do harm: it fills the disk of the host (https://bugs.example/1, until 2999-01-01)',
  })
  expect(run.of('step-ended').find(({ step }) => step === 'snapshot')?.outcome, 'nothing is prepared for it').toBe(
    'skipped',
  )
  expect(run.of('warning')).toEqual([])
  expect(run.exitCode).toBe(0)
})

test('a check that only reads cannot be left out', async () => {
  using folder = testFolder()
  const run = fakeRun(folder.path, {
    matrix: { suites: ['policy'], checks: [checksAt('good.ts')] },
    waivers: [waiver('good-policy', { skip: 'it takes long' })],
  })
  await expect(run).rejects.toBeInstanceOf(ConfigError)
  await expect(run).rejects.toThrow('waivers.yaml:7:12: good-policy only reads facts, so running it does no harm')
})

test('a check that does not exist cannot be waived', async () => {
  using folder = testFolder()
  const run = fakeRun(folder.path, { waivers: [waiver('log-ci-modul-failed')] })
  await expect(run).rejects.toThrow('waivers.yaml:7:12: there is no check "log-ci-modul-failed"')
  await fakeRun(folder.path, { waivers: [waiver('no-such-check', { cells: 'lxd/*' }), waiver('log-scan')] })
})

test('a check that does not exist cannot be selected', async () => {
  using folder = testFolder()
  const select = (...only: string[]) =>
    fakeRun(folder.path, { matrix: { checks: [checksAt('good.ts')], suites: ['policy'], 'only-checks': only } })
  const [first] = await Promise.allSettled([select('good-own', 'good-polcy')])
  expect(first).toMatchObject({ status: 'rejected', reason: { hint: 'did you mean "good-policy"?' } })
  await expect(select('good-own', 'good-polcy')).rejects.toThrow(/matrix\.yaml:1:\d+: there is no check "good-polcy"$/)
  await expect(select('-goood*')).rejects.toThrow('there is no check "goood*"')
  expect((await select('*', '-good-own')).exitCode).toBe(0)
})

test('a waiver is needed as long as its check fails anywhere in the cell, or fails before it passes', () => {
  const of = (...records: ReturnType<typeof record>[]) =>
    unneededWaivers([waiver('c')], 'fake/x/default/default', records).length
  const made = (more: Partial<ReturnType<typeof record>>) => record({ id: 'c', title: '', ...more })
  expect(of(made({ phase: 'first-boot' }), made({ phase: 'after-reboot' }))).toBe(1)
  expect(of(made({ phase: 'first-boot' }), made({ phase: 'after-reboot', status: 'fail' }))).toBe(0)
  expect(of(made({ flaky: true }))).toBe(0)
  expect(of(made({ status: 'skip' }))).toBe(0)
  expect(of(made({}), made({ status: 'fail', baseline: true }))).toBe(1)
  expect(of()).toBe(0)
  const scan = record({ id: 'log-scan', title: '', suite: 'logs' })
  const rule = record({ id: 'log-x', title: '', suite: 'logs', status: 'fail' })
  expect(unneededWaivers([waiver('log-x')], 'fake/x', [scan])).toHaveLength(1)
  expect(unneededWaivers([waiver('log-x')], 'fake/x', [scan, rule])).toHaveLength(0)
  expect(unneededWaivers([waiver('log-x')], 'fake/x', [])).toHaveLength(0)
})
