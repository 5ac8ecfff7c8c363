import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { LineMatcher } from '../../../src/logs/line-matcher.ts'
import { normaliseLine } from '../../../src/logs/normalise.ts'
import type { LogRule } from '../../../src/logs/rule.ts'
import { scanText, shippedLogRules } from '../../../src/logs/index.ts'
import { faultOf } from '../../../src/logs/user-rules.ts'

const greps: readonly [string, readonly [string, ...string[]]][] = [
  ['grep -E', ['grep', '-E']],
  ['busybox grep -E', ['busybox', 'grep', '-E']],
]

/** A context in which the rule applies. */
function contextOf(rule: LogRule) {
  const { scope = {} } = rule
  return {
    ...(scope.platforms?.[0] ? { platform: scope.platforms[0] } : {}),
    ...(scope.distributions?.[0] ? { distribution: scope.distributions[0] } : {}),
    ...(scope.init?.[0] ? { init: scope.init[0] } : {}),
    ...(scope.container === undefined ? {} : { container: scope.container }),
  }
}

test('ids are unique, samples hold, allow rules give a reason', () => {
  expect(new Set(shippedLogRules.map((rule) => rule.id)).size).toBe(shippedLogRules.length)
  expect(shippedLogRules.length).toBeGreaterThanOrEqual(87)
  expect(shippedLogRules.flatMap((rule) => faultOf(rule) ?? [])).toEqual([])
  expect(shippedLogRules.filter((rule) => rule.misses.some((miss) => miss.length < 5))).toEqual([])
})

test.each(shippedLogRules.map((rule) => [rule.id, rule] as const))(
  '%s is told from a log, and its near misses are not',
  (_, rule) => {
    const kind = rule.where?.[0] ?? 'cloud-init.log'
    const told = (line: string) => {
      const scan = scanText(line, 'log', kind, contextOf(rule))
      return [...scan.findings.map((finding) => finding.ruleId), ...Object.keys(scan.allowed)]
    }
    const allowed = rule.severity !== 'allow' || rule.stale === undefined
    expect(rule.hits.filter((hit) => told(hit).includes(rule.id) !== allowed)).toEqual([])
    expect(rule.misses.filter((miss) => told(miss).includes(rule.id))).toEqual([])
  },
)

describe.each(greps)('%s', (name, command) => {
  const present = spawnSync(command[0], ['--help']).error === undefined
  test.skipIf(!present)(`agrees about every sample (needs ${name}: apt-get install grep busybox)`, () => {
    const wrong: string[] = []
    for (const rule of shippedLogRules) {
      const lines = [...rule.hits, ...rule.misses].map(
        (line) => normaliseLine(line, rule.where?.[0] ?? 'cloud-init.log').text,
      )
      const found = spawnSync(command[0], [...command.slice(1), '-n', '-e', rule.pattern], {
        input: `${lines.join('\n')}\n`,
        encoding: 'utf8',
      })
      const matcher = new LineMatcher([rule.pattern])
      const ours = lines.flatMap((line, index) => (matcher.match(line).length > 0 ? [index + 1] : []))
      const theirs = found.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => Number.parseInt(line, 10))
      if (ours.join() !== theirs.join())
        wrong.push(`${rule.id}: ${theirs.join()} instead of ${ours.join()} ${found.stderr}`)
    }
    expect(wrong).toEqual([])
  })
})

test('no line makes a rule slow: work grows with the length of the line, not with its square', () => {
  const matcher = new LineMatcher(shippedLogRules.map((rule) => rule.pattern))
  for (const rule of shippedLogRules) {
    const piece = rule.hits[0]?.slice(0, -1) ?? ''
    for (const hostile of [
      piece.repeat(Math.ceil(65_536 / piece.length)),
      `${piece}${' '.repeat(65_536)}`,
      `${piece}${"'".repeat(65_536)}`,
    ]) {
      matcher.match(hostile)
    }
  }
  // 100 rules x 3 lines x 64 Ki characters: a backtracking engine needs minutes for some of these.
  expect(matcher.match('x'.repeat(1_000_000))).toEqual([])
})
