import { expect, test } from 'vitest'
import { budgetLines, byWorth, cutToBudget, lostCoverage } from '../../../src/cost/budget-cut.ts'

const cell = (platform: string, image: string, boot: string) => ({
  id: `${platform}/${image}/default/${boot}`,
  platform,
  image,
  distribution: 'debian',
  release: '13',
  instanceType: 'default',
  boot,
  agent: { name: 'cloud-init', source: 'release' },
  suites: [],
  axes: { platform, image, boot },
})
const cells = [
  cell('a', 'x', 'uefi'),
  cell('b', 'y', 'bios'),
  cell('a', 'y', 'uefi'),
  cell('c', 'x', 'bios'),
  cell('a', 'x', 'bios'),
]

test('the tail of the order is cut where the money ends', () => {
  const { kept, cut, usd } = cutToBudget(cells, 0.3, () => 0.1)
  expect(kept).toEqual(cells.slice(0, 3))
  expect(cut).toEqual(cells.slice(3))
  expect(usd).toBeCloseTo(0.3, 10)
  expect(cutToBudget(cells, 0, () => 0.1).kept).toEqual([])
  expect(cutToBudget(cells, 0, () => 0).cut).toEqual([])
})

test('a cell that is too dear is not overtaken by cheaper ones', () => {
  expect(cutToBudget(cells, 1, (one) => (one.platform === 'b' ? 5 : 0.1)).kept).toHaveLength(1)
})

test('what only the cut cells would have covered is told', () => {
  expect(lostCoverage(cells.slice(0, 3), cells.slice(3))).toEqual({
    values: ['platform=c'],
    pairs: ['image=x with boot=bios', 'platform=a with boot=bios'],
  })
  expect(lostCoverage(cells, [])).toEqual({ values: [], pairs: [] })
})

test('for people', () => {
  expect(
    budgetLines(
      cutToBudget(cells, 0.3, () => 0.1),
      0.3,
    ),
  ).toEqual([
    'The budget of $0.30 buys 3 of 5 cells, for about $0.30 (an estimate).',
    'Not bought: 1 value: platform=c',
    'Not bought: 2 pairs of values: image=x with boot=bios, platform=a with boot=bios',
  ])
  expect(
    budgetLines(
      cutToBudget(cells, 1, () => 0.1),
      1,
    ),
  ).toHaveLength(1)
})

test('any beginning of the order is a good buy: cheap cells that add something come first', () => {
  const all = ['a', 'b'].flatMap((platform) =>
    ['x', 'y', 'z'].flatMap((image) => ['uefi', 'bios'].map((boot) => cell(platform, image, boot))),
  )
  const usd = ({ platform }: { platform: string }) => (platform === 'b' ? 1 : 0.01)
  const ordered = byWorth(all, usd)
  expect([...ordered].sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual(
    [...all].sort((one, other) => (one.id < other.id ? -1 : 1)),
  )
  expect(ordered.slice(0, 3).map(({ platform }) => platform)).toEqual(['a', 'a', 'a'])
  expect(lostCoverage(cutToBudget(ordered, 0.04, usd).kept, all).values).toEqual(['platform=b'])
  const pairsOf = (some: typeof all) =>
    new Set(some.flatMap(({ platform, image, boot }) => [platform + image, platform + boot, image + boot])).size
  const even = byWorth(all, () => 1)
  expect(pairsOf(even.slice(0, 6))).toBeGreaterThan(pairsOf(all.slice(0, 6)))
  expect(pairsOf(even.slice(0, 6))).toBeGreaterThanOrEqual(15)
})
