import { expect, test } from 'vitest'
import { estimator, regionOf } from '../../../src/cost/estimator.ts'

const cell = (platform: string, instanceType: string) => ({
  id: `${platform}/debian-13/${instanceType}/uefi`,
  platform,
  image: 'debian-13',
  distribution: 'debian',
  release: '13',
  instanceType,
  boot: 'uefi',
  agent: { name: 'cloud-init', source: 'release' },
  suites: [],
})

const prices = { fake: { 'usd-per-hour': { '*': 3.6 }, minimum: '60 seconds' } }

test('a cell that never ran is guessed', () => {
  const estimates = estimator(() => [], prices)
  expect(estimates.expectedSeconds(cell('fake', 'a'))).toEqual({ seconds: 300, measured: false })
  expect(estimates.expectedUsd(cell('fake', 'a'))).toBeCloseTo(0.3, 10)
})

test('one that ran is estimated by the median of its last seven runs', () => {
  const seconds = [100, 9000, 110, 120, 90, 95, 105, 7777]
  const estimates = estimator(() => seconds.map((each) => ({ machines: 2, seconds: each })), prices)
  expect(estimates.expectedSeconds(cell('fake', 'a'))).toEqual({ seconds: 105, measured: true })
  // two machines, each billed for a minute at least
  expect(estimates.expectedUsd(cell('fake', 'a'))).toBeCloseTo(0.12, 10)
})

test('hardware of one’s own is free, and what has no price has none', () => {
  const estimates = estimator()
  expect([estimates.expectedUsd(cell('lxd', 'default')), estimates.expectedUsd(cell('ec2', 'x9.huge'))]).toEqual([
    0,
    undefined,
  ])
  expect(estimates.expectedUsd(cell('ec2', 't3.micro'))).toBeGreaterThan(0)
})

test('the region is an axis or an option of the platform', () => {
  expect(regionOf(cell('lxd', 'a'))).toBeUndefined()
  expect(regionOf({ ...cell('ec2', 'a'), platformOptions: { region: 'eu-west-1' } })).toBe('eu-west-1')
  expect(regionOf({ ...cell('ec2', 'a'), axes: { region: 'b' }, platformOptions: { region: 'a' } })).toBe('b')
})
