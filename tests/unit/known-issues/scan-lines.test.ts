import { expect, test } from 'vitest'
import { compileIssue } from '../../../src/known-issues/issue-pattern.ts'
import { scanPieces } from '../../../src/known-issues/scan-lines.ts'

function pattern(contains: string[], match?: string) {
  return compileIssue({
    id: 'test:issue',
    version: 1,
    title: 'a title',
    culprit: 'unknown',
    contains,
    ...(match === undefined ? {} : { match }),
    samples: { hit: ['x'], miss: ['y'] },
  })
}

test('lines are counted over pieces that end anywhere', async () => {
  const text = 'first\nsecond\nthe needle 12\nlast\nthe needle 34'
  for (const size of [1, 3, 7, 1000]) {
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
    const [sighting] = await scanPieces(pieces, [pattern(['needle'], String.raw`needle \d+`)])
    expect(sighting).toMatchObject({ count: 2, line: 3, excerpt: 'the needle 12' })
  }
})

test('every literal must be on the line, and secrets and escapes are not shown', async () => {
  const both = pattern(['alpha', 'omega'])
  expect(await scanPieces(['alpha\nomega'], [both])).toMatchObject([{ count: 0 }])
  const [sighting] = await scanPieces(['\u001B[31malpha omega AKIAABCDEFGHIJKLMNOP'], [both])
  expect(sighting?.excerpt).toBe('alpha omega ***')
})

test('the pattern is not tried where a literal is missing', async () => {
  const asked: string[] = []
  const spy = { ...pattern(['needle']), matches: (line: string) => asked.push(line) > 0 }
  await scanPieces(['hay\n'.repeat(1000), 'a needle\n', 'hay\n'.repeat(1000)], [spy])
  expect(asked).toEqual(['a needle'])
})

test('a line without an end is cut and costs nothing more', async () => {
  const pieces = Array.from({ length: 500 }, () => 'a'.repeat(64 * 1024))
  const asked: number[] = []
  const spy = { ...pattern(['aaa']), matches: (line: string) => asked.push(line.length) < 0 }
  await scanPieces(pieces, [spy])
  expect(Math.max(...asked)).toBe(4096)
})

test('a pattern that is slow on this text gives up, says so, and leaves the others alone', async () => {
  let clock = 0
  const slow = {
    ...pattern(['needle']),
    matches: () => {
      clock += 300
      return false
    },
  }
  const fast = pattern(['needle'])
  const found = await scanPieces(['a needle\n'.repeat(100)], [slow, fast], { issueMs: 1000, now: () => clock })
  expect(found).toMatchObject([{ count: 0, gaveUp: true }, { count: 100 }])
  expect(found[1]).not.toHaveProperty('gaveUp')
  expect(clock).toBe(1200)
})

test('other work has its turn while a slow pattern is looked for', async () => {
  let clock = 0
  const slow = {
    ...pattern(['needle']),
    matches: () => {
      clock += 25
      return false
    },
  }
  let turns = 0
  let over = false
  const other = (async () => {
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve))
      turns++
    }
  })()
  await scanPieces(['a needle\n'.repeat(100)], [slow], { issueMs: 1e6, now: () => clock })
  over = true
  await other
  expect(turns).toBeGreaterThan(90)
})

test('hostile patterns on hostile lines end', async () => {
  // A backtracking engine needs longer than the universe for the first; the second asks for an automaton of 2^60 states.
  const hostile = [pattern(['aaa'], '^(a+)+$'), pattern(['aba'], '^[ab]*a[ab]{60}d$')]
  const line = `${'aba'.repeat(1000)}aaa!d`
  const found = await scanPieces([`${line}\n`.repeat(200)], hostile, { issueMs: 200 })
  expect(found.map(({ count }) => count)).toEqual([0, 0])
})
