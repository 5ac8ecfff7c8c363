import { expect, test } from 'vitest'
import type { Cell } from '../../../src/matrix/cell.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { cellsOfShard, parseShard, planDigest } from '../../../src/matrix/shard.ts'

const [first] = expandMatrix(parseMatrix('axes: { platform: [fake], image: [debian-13] }', 'matrix.yaml')).cells
const cell = (id: string, more: Partial<Cell> = {}): Cell => {
  if (!first) throw new Error('there is no cell')
  return { ...first, id, image: id, ...more }
}
const cells = (count: number) =>
  Array.from({ length: count }, (_, index) => cell(`fake/image-${index}/default/default`))
const shards = (all: readonly Cell[], count: number, times?: ReadonlyMap<string, number>) =>
  Array.from({ length: count }, (_, index) => cellsOfShard(all, { index: index + 1, count }, times).map(({ id }) => id))

test('every cell is in exactly one shard, in the order of the plan', () => {
  for (const count of [1, 2, 3, 8, 50])
    for (const size of [0, 1, 7, 40]) {
      const all = cells(size)
      for (const times of [undefined, new Map(all.map(({ id }, index) => [id, index % 7]))]) {
        const parts = shards(all, count, times)
        expect(parts.flat().sort(), `${size} cells in ${count}`).toEqual(all.map(({ id }) => id).sort())
        const order = all.map(({ id }) => id)
        for (const part of parts) expect(part).toEqual(order.filter((id) => part.includes(id)))
      }
    }
})

test('a cell stays in its shard when others come and go', () => {
  const before = shards(cells(40), 4)
  const after = shards([...cells(40).filter((_, index) => index % 3 > 0), cell('fake/new/default/default')], 4)
  after.forEach((part, index) => {
    for (const id of part) if (!id.includes('new')) expect(before[index]).toContain(id)
  })
})

test('with times the longest shard is near the mean, whatever the order of the cells', () => {
  const all = cells(60)
  const times = new Map(all.map(({ id }, index) => [id, ((index * 7919) % 97) + 1]))
  const sums = shards(all, 6, times).map((part) => part.reduce((sum, id) => sum + (times.get(id) ?? 0), 0))
  const mean = sums.reduce((a, b) => a + b) / 6
  expect(Math.max(...sums)).toBeLessThanOrEqual(mean * 1.03)
  const turned = shards([...all].reverse(), 6, times)
  expect(turned.map((part) => [...part].sort())).toEqual(shards(all, 6, times).map((part) => [...part].sort()))
})

test.each(['', '1', '0/4', '5/4', '1/0', 'a/b', '1/4/2', '-1/4', '1.5/4'])('%s is not a shard', (text) => {
  expect(() => parseShard(text)).toThrow('--shard cannot be')
})

test('a plan is named by what is tested, not by where it is tested', () => {
  const one = planDigest([cell('a', { checks: ['/home/x/checks'], platformOptions: { socket: '/x' } })])
  expect(planDigest([cell('a', { checks: ['/home/y/checks'], platformOptions: { socket: '/y' } })])).toBe(one)
  expect(planDigest([cell('a', { attempts: 3 })])).not.toBe(one)
  expect(planDigest([cell('a', { tier: 'smoke' })])).not.toBe(one)
  expect(planDigest([cell('b')])).not.toBe(one)
  expect(planDigest([cell('a'), cell('b')])).not.toBe(planDigest([cell('a')]))
})

test('the order of the cells, which histories of different hosts may change, does not name another plan', () => {
  const all = cells(20)
  const one = planDigest(all, { flaky: 'block' })
  expect(planDigest(all.toReversed(), { flaky: 'block' })).toBe(one)
  expect(planDigest(all, { flaky: 'allow' })).not.toBe(one)
})
