import { expect, test } from 'vitest'
import { evidenceLines } from '../../../src/reporters/console/evidence.ts'

const empty = (message: string, ...items: string[]) => ({
  message,
  expected: '[]',
  actual: `[\n${items.map((item) => `  ${JSON.stringify(item)},\n`).join('')}]`,
  diff: '- Expected\n+ Received\n\n- []\n+ [\n+   1,\n+ ]',
})

test('a list that should be empty is shown as its items', () => {
  expect(evidenceLines(empty("failed units: expected [ 'a.service' ] to deeply equal []", 'a.service'), 4)).toEqual([
    'failed units: a.service',
  ])
  expect(evidenceLines(empty("expected [ 'a', 'b' ] to deeply equal []", 'say "a"', 'b'), 4)).toEqual([
    'found: say "a", b',
  ])
  const long = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(40))
  expect(evidenceLines(empty('lines: expected [ …(5) ] to deeply equal []', ...long), 4)).toEqual([
    'lines:',
    `  ${'1'.repeat(40)}`,
    `  ${'2'.repeat(40)}`,
    '… 3 more',
  ])
})

test('a value is shown beside what was wanted', () => {
  const one = { message: "Root: expected 'yes' to be 'no' // Object.is equality", diff: 'Expected: "no"' }
  expect(evidenceLines(one, 4)).toEqual(['Root: yes, expected no'])
  const several = {
    message:
      'Root: expect(received).toBeOneOf()\n\nExpected value to be one of:\nArray [\n  "no",\n  "key",\n]\n\nReceived:\n"yes"',
  }
  expect(evidenceLines(several, 4)).toEqual(['Root: yes, expected no or key'])
})

test('what is said otherwise is left as it is', () => {
  expect(evidenceLines({ message: 'a\nb\nc', diff: '- 1\n+ 2' }, 3)).toEqual(['a', 'b', '… 3 more lines'])
})
