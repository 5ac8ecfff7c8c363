import { beforeAll, expect, test } from 'vitest'
import { findCheckFiles, loadCheckFiles } from '../../../src/runner/checks/load-checks.ts'
import { faultOf, mayMeet, SLOW } from '../../live/regression/arrange-sabotages.ts'
import { SABOTAGES } from '../../live/regression/sabotages.ts'
import { arrange, doubts } from '../../together/arrange.ts'
import type { RegressionCheck } from '../../../src/testing/index.ts'

let all: RegressionCheck[] = []
/** Those that every cell judges; the rest needs the identity of a cloud. */
let checks: RegressionCheck[] = []

beforeAll(async () => {
  const declared = await loadCheckFiles(await findCheckFiles())
  all = [...declared.values()].filter((check) => check.suite === 'regression')
  checks = all.filter((check) => check.info.applies?.identities === undefined)
})

test('there are at least twenty-five checks of datasources, and each says by its name that it is one', () => {
  const ofDatasources = all.filter((check) => check.info.applies?.identities !== undefined)
  expect(ofDatasources.length).toBeGreaterThanOrEqual(25)
  expect(ofDatasources.filter((check) => !check.id.startsWith('reg-ds-'))).toEqual([])
})

test('there are at least thirty regression checks', () => {
  expect(checks.length).toBeGreaterThanOrEqual(30)
})

test('every regression check has a case that must fail, and no case is left over', () => {
  expect(Object.keys(SABOTAGES).sort()).toEqual(checks.map((check) => check.id).sort())
})

test('sabotages that are done together are judged seldom, and prove what each alone would', () => {
  const lanes = Map.groupBy(checks, (check) => check.info.group ?? 'shared')
  for (const [lane, members] of lanes) {
    const groups = arrange(
      members.map(({ id }) => faultOf(id)),
      mayMeet,
    )
    expect(doubts(groups), lane).toEqual([])
    expect(groups.length, lane).toBeLessThanOrEqual(Math.max(2, members.length * 0.6))
  }
  const apart = Object.values(SABOTAGES).flatMap((sabotage) => Object.keys(sabotage.apart ?? {}))
  expect([...SLOW, ...apart].filter((id) => SABOTAGES[id] === undefined)).toEqual([])
})

test('a cell needs fewer than eight boots', () => {
  // The image, its pair, and the reboot after `clean`.
  const always = 3
  const groups = new Set(
    checks.filter((check) => check.info.instance === 'own').map((check) => check.info.group ?? check.id),
  )
  // Checks that reboot share one reboot per instance.
  const reboots = new Set(
    checks.filter((check) => SABOTAGES[check.id]?.beforeReboot).map((check) => check.info.group ?? 'shared'),
  )
  expect(always + groups.size + reboots.size).toBeLessThan(8)
})

test('every check says why, where that comes from and how to repair it', () => {
  for (const { id, info } of all) {
    expect(info.because.length, id).toBeGreaterThan(20)
    expect(info.source.length, id).toBeGreaterThan(10)
    expect(info.fix, id).toBeDefined()
    expect(info.title, id).not.toMatch(/\.$/)
  }
})
