import { expect, test } from 'vitest'
import { letsSshIn } from '../../../../src/platforms/gce/network.ts'

const rule = { direction: 'INGRESS', sourceRanges: ['0.0.0.0/0'], allowed: [{ IPProtocol: 'tcp', ports: ['22'] }] }

test('a rule for all machines and everybody lets SSH in', () => {
  expect(letsSshIn(rule)).toBe(true)
  expect(letsSshIn({ ...rule, allowed: [{ IPProtocol: 'tcp', ports: ['20-25'] }] })).toBe(true)
  expect(letsSshIn({ ...rule, allowed: [{ IPProtocol: 'tcp' }] })).toBe(true)
  expect(letsSshIn({ ...rule, allowed: [{ IPProtocol: 'all' }] })).toBe(true)
})

test('a narrower rule does not', () => {
  expect(letsSshIn({ ...rule, disabled: true })).toBe(false)
  expect(letsSshIn({ ...rule, direction: 'EGRESS' })).toBe(false)
  expect(letsSshIn({ ...rule, targetTags: ['web'] })).toBe(false)
  expect(letsSshIn({ ...rule, targetServiceAccounts: ['x'] })).toBe(false)
  expect(letsSshIn({ ...rule, sourceRanges: ['10.0.0.0/8'] })).toBe(false)
  expect(letsSshIn({ ...rule, allowed: [{ IPProtocol: 'tcp', ports: ['23-30'] }] })).toBe(false)
  expect(letsSshIn({ ...rule, allowed: [{ IPProtocol: 'udp', ports: ['22'] }] })).toBe(false)
})
