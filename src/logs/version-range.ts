import { ConfigError } from '../core/errors.ts'

const COMPARATOR = /^(>=|<=|>|<|=)(\d{1,6}(?:\.\d{1,6}){0,4})$/

/** Upstream part of a package version as numbers: `1:25.1.4-1~deb13u1` is 25, 1, 4. Empty when there is none. */
export function upstreamVersion(version: string): number[] {
  const match = /^(?:\d{1,4}:)?v?(\d{1,6}(?:\.\d{1,6}){0,4})/.exec(version.trim())
  return match?.[1] ? match[1].split('.').map(Number) : []
}

/** Negative when `a` is older than `b`. Missing parts count as 0. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * Whether `version` lies in `range`, comparators joined by spaces that must all hold: `>=24.3 <25.3`.
 * A version that cannot be read lies in every range: not knowing must not silence a rule.
 * @throws ConfigError when the range is malformed.
 */
export function inVersionRange(version: string | undefined, range: string): boolean {
  const comparators = range.trim().split(/\s+/).map(parseComparator)
  const actual = version === undefined ? [] : upstreamVersion(version)
  if (actual.length === 0) return true
  return comparators.every(({ operator, wanted }) => {
    const order = compareVersions(actual, wanted)
    if (operator === '=') return order === 0
    if (operator.startsWith('>')) return order > 0 || (operator === '>=' && order === 0)
    return order < 0 || (operator === '<=' && order === 0)
  })
}

function parseComparator(text: string): { operator: string; wanted: number[] } {
  const match = COMPARATOR.exec(text)
  if (!match)
    throw new ConfigError(`"${text}" is not a version comparator`, { hint: 'write for example ">=24.3 <25.3"' })
  return { operator: match[1] ?? '=', wanted: upstreamVersion(match[2] ?? '') }
}
