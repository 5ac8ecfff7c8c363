import { expect, test } from 'vitest'
import { oldPrices, priceTable, rateOf, usdOf, vcpusOf } from '../../../src/cost/prices.ts'
import { usdText } from '../../../src/results/usage.ts'

test('every price of the table has a day and a source', () => {
  const table = priceTable()
  expect(Object.keys(table)).toEqual(['ec2', 'azure', 'gce'])
  for (const { source, addressUsdPerHour, diskUsdPerGibMonth, usdPerHour } of Object.values(table)) {
    const machines = Object.values(usdPerHour).map((row) => ({ ...row, source }))
    for (const row of [addressUsdPerHour, diskUsdPerGibMonth, ...machines]) {
      expect(row.usd).toBeGreaterThan(0)
      expect(row.source).toMatch(/^https:\/\/(aws\.amazon|azure\.microsoft|cloud\.google)\.com\/.*pricing/)
      expect(row.asOf).toMatch(/^2026-\d\d-\d\d$/)
      expect(row.read).not.toBe('')
    }
  }
})

test('a machine costs itself, its address and its disk', () => {
  const rate = rateOf({ platform: 'ec2', instanceType: 't3.micro', region: 'us-east-1' })
  expect(rate?.usdPerHour).toBeCloseTo(0.0104 + 0.005 + (8 * 0.08) / 730, 10)
  expect(rate?.basis).toBe('price of us-east-1 of 2026-11-22')
})

test('another region is estimated by the one that is known, and says so', () => {
  const rate = rateOf({ platform: 'ec2', instanceType: 't3.micro', region: 'eu-west-1' })
  expect(rate?.basis).toBe('price of us-east-1 of 2026-11-22, for want of one of eu-west-1')
})

test('what nobody knows has no price', () => {
  expect(rateOf({ platform: 'lxd', instanceType: 'default' })).toBeUndefined()
  expect(rateOf({ platform: 'ec2', instanceType: 'x9.huge' })).toBeUndefined()
})

test('the matrix wins, and names any other type by *', () => {
  const own = { ec2: { 'usd-per-hour': { 't3.micro': 0.02, '*': 1 }, minimum: '5 minutes' } }
  expect(rateOf({ platform: 'ec2', instanceType: 't3.micro' }, own)).toEqual({
    usdPerHour: 0.02,
    minimumSeconds: 300,
    basis: 'the matrix',
  })
  expect(rateOf({ platform: 'ec2', instanceType: 'x9.huge' }, own)?.usdPerHour).toBe(1)
})

test('each machine is billed for the minimum at least', () => {
  const rate = { usdPerHour: 3.6, minimumSeconds: 60, basis: '' }
  expect(usdOf(rate, [10, 100])).toBeCloseTo(0.16, 10)
  expect(usdOf(rate, [])).toBe(0)
})

test('old prices are told, those of the matrix are not ours to judge', () => {
  const used = [
    { platform: 'ec2', instanceType: 'm7g.large' },
    { platform: 'ec2', instanceType: 't3.micro' },
    { platform: 'fake', instanceType: 'small' },
  ]
  expect(oldPrices(used, new Date('2026-11-22'))).toBe('prices older than 90 days: ec2 m7g.large (2026-06-17)')
  expect(oldPrices(used.slice(1), new Date('2026-11-22'))).toBeUndefined()
})

test('small sums keep their digits', () => {
  expect([0, 0.00042, 0.031, 1.267, 20].map(usdText)).toEqual(['$0.00', '$0.00042', '$0.031', '$1.27', '$20.00'])
})

test('the vCPUs of the types in the table are known', () => {
  expect([vcpusOf('ec2', 't3.xlarge'), vcpusOf('lxd', 'default')]).toEqual([4, undefined])
})
