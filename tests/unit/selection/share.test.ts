import { expect, test } from 'vitest'
import { inShare, parseDay, parseShare } from '../../../src/selection/share.ts'

const cells = Array.from({ length: 500 }, (_, index) => `lxd/image-${index}/default/container`)
const day = (number: number) => new Date(Date.UTC(2026, 10, 1 + number, 3))

test.each([
  ['1/7', 7],
  ['2/7', 4],
  ['1/1', 1],
  ['3/10', 4],
])('with %s every cell has its turn within %i days, from any day on', (text, days) => {
  const share = parseShare(text)
  for (const from of [0, 3, 17, 364]) {
    const turns = cells.map((cell) => Array.from({ length: days }, (_, i) => inShare(cell, share, day(from + i))))
    expect(turns.every((days) => days.includes(true))).toBe(true)
  }
})

test('a seventh is about a seventh, and the same whenever it is asked for', () => {
  const share = parseShare('1/7')
  const tonight = cells.filter((cell) => inShare(cell, share, day(0)))
  expect(tonight.length).toBeGreaterThan(40)
  expect(tonight.length).toBeLessThan(110)
  expect(cells.filter((cell) => inShare(cell, share, new Date('2026-11-01T23:59:59Z')))).toEqual(tonight)
  expect(cells.filter((cell) => inShare(cell, share, day(1)))).not.toEqual(tonight)
})

test('nonsense is refused', () => {
  for (const text of ['0/7', '8/7', '1/0', '7', '1/7/2', 'a/b', '-1/7']) {
    expect(() => parseShare(text)).toThrow(`--share cannot be "${text}"`)
  }
  expect(parseDay('2026-11-22').toISOString()).toBe('2026-11-22T00:00:00.000Z')
  for (const text of ['2026-02-30', '22.11.2026', 'today']) expect(() => parseDay(text)).toThrow('--day cannot be')
})
