import { expect, test } from 'vitest'
import { shippedLogRules } from '../../../src/logs/index.ts'
import type { LogRule } from '../../../src/logs/index.ts'
import { badImages } from '../../bad-images/index.ts'
import { BLOCKERS_WITHOUT, RULES_WITHOUT } from '../../bad-images/without.ts'
import { loadPolicies } from '../policy/judge.ts'

const caught = badImages.flatMap(({ caught: { by, id }, also = [] }) => [by === 'log-rule' ? `log-${id}` : id, ...also])

const speaksHere = ({ severity, scope = {} }: LogRule) =>
  severity !== 'allow' &&
  (scope.platforms?.includes('lxd') ?? true) &&
  (scope.distributions?.includes('debian') ?? true) &&
  scope.container !== false

test('every blocker of the policy has a bad image, or a reason why not', async () => {
  const blockers = (await loadPolicies()).filter((check) => check.info.severity === 'blocker').map(({ id }) => id)
  expect(blockers.filter((id) => !caught.includes(id) && BLOCKERS_WITHOUT[id] === undefined)).toEqual([])
  expect(
    Object.keys(BLOCKERS_WITHOUT).filter((id) => caught.includes(id) || !blockers.includes(id)),
    'reasons that are not needed',
  ).toEqual([])
})

test('every log rule for Debian in LXD has a bad image, or a reason why not', () => {
  const rules = shippedLogRules.filter(speaksHere).map(({ id }) => id)
  expect(rules.filter((id) => !caught.includes(`log-${id}`) && RULES_WITHOUT[id] === undefined)).toEqual([])
  expect(
    Object.keys(RULES_WITHOUT).filter((id) => caught.includes(`log-${id}`) || !rules.includes(id)),
    'reasons that are not needed',
  ).toEqual([])
})

test('names of bad images are unique, and what they are for exists', async () => {
  const names = badImages.map(({ name }) => name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  const policies = (await loadPolicies()).map(({ id }) => id)
  const rules = shippedLogRules.map(({ id }) => `log-${id}`)
  const known = (name: string) => {
    const id = name.replace(/: error$/, '')
    return (
      id === 'log-unclassified' || id === 'boot' || id.startsWith('reg-') || policies.includes(id) || rules.includes(id)
    )
  }
  expect(caught.filter((id) => !known(id))).toEqual([])
})
