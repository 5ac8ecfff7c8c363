import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { LineMatcher } from '../../../src/logs/line-matcher.ts'

const finds = (pattern: string, line: string) => new LineMatcher([pattern]).match(line).length > 0

test.each([
  ['abc', 'xxabcxx', true],
  ['^abc', 'xabc', false],
  ['^abc$', 'abc', true],
  ['abc$', 'abcd', false],
  ['a.c', 'abc', true],
  ['ab*c', 'ac', true],
  ['ab+c', 'ac', false],
  ['ab?c', 'abbc', false],
  ['a{2,3}b', 'ab', false],
  ['a{2,3}b', 'aab', true],
  ['^a{2}$', 'aaa', false],
  ['x(a|b)*y', 'xabbay', true],
  ['(a*)*b', 'aaab', true],
  ['[^0-9]', '123', false],
  ['[]x]', ']', true],
  ['[a-]', '-', true],
  ['[[:digit:]]+ s', '12 s', true],
  ['\\[x\\]', '[x]', true],
  ['(^|[^a-z])key', 'mykey', false],
  ['(^|[^a-z])key', 'key', true],
  ['(a|)$', '', true],
])('%s in %j: %s', (pattern, line, expected) => {
  expect(finds(pattern, line)).toBe(expected)
})

test.each(['a(?=b)', '(a)\\1', '(a', 'a)', '[a', '*a', 'a{3,2}', '[[:nope:]]', '\\'])('refuses %s', (pattern) => {
  expect(() => new LineMatcher([pattern])).toThrow(ConfigError)
})

test('agrees with a backtracking engine on random patterns and lines', () => {
  let seed = 7
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const atom = (depth: number): string => {
    const kind = random(depth > 2 ? 4 : 6)
    if (kind < 3) return 'abc'[kind] ?? 'a'
    if (kind === 3) return '[^a]'
    return `(${[...Array(1 + random(2))].map(() => sequence(depth + 1)).join('|')})`
  }
  const sequence = (depth: number): string =>
    [...Array(1 + random(3))].map(() => atom(depth) + ['', '', '*', '+', '?', '{1,2}'][random(6)]).join('')
  const wrong: string[] = []
  for (let i = 0; i < 200; i++) {
    const pattern = (random(4) === 0 ? '^' : '') + sequence(0) + (random(4) === 0 ? '$' : '')
    const matcher = new LineMatcher([pattern, 'b'])
    for (let j = 0; j < 10; j++) {
      const line = [...Array(random(9))].map(() => 'abcd'[random(4)]).join('')
      if (matcher.match(line).includes(0) !== new RegExp(pattern).test(line)) wrong.push(`${pattern} on ${line}`)
    }
  }
  expect(wrong).toEqual([])
})
