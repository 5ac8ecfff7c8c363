import { expect, test } from 'vitest'
import { joined } from '../../../../src/platforms/ec2/console.ts'

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index} of the console\n`).join('')

test.each([
  ['nothing before', '', lines(0, 3), lines(0, 3)],
  ['the same again', lines(0, 9), lines(0, 9), lines(0, 9)],
  ['more of it', lines(0, 90), lines(0, 99), lines(0, 99)],
  ['only the end of it', lines(0, 90), lines(50, 99), lines(0, 99)],
  ['nothing now', lines(0, 9), '', lines(0, 9)],
  [
    'what was dropped between',
    lines(0, 50),
    lines(70, 99),
    `${lines(0, 50)}\n[... some of the console was not kept by EC2 ...]\n${lines(70, 99)}`,
  ],
])('%s', (_, before, now, expected) => {
  expect(joined(before, now)).toBe(expected)
})
