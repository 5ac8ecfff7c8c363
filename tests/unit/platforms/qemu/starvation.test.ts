import { expect, test } from 'vitest'
import { isStarved, waitedLonger } from '../../../../src/platforms/qemu/starvation.ts'

test.each([
  [['900 100 5\n'], false],
  [['100 900 5\n'], true],
  [['100 90 5\n', '10 30 2\n'], true],
  [[''], false],
])('%j of a process', (schedstats, starved) => {
  expect(waitedLonger(schedstats)).toBe(starved)
})

test('a process that is gone is not starved', async () => {
  expect(await isStarved(2 ** 30)).toBe(false)
})
