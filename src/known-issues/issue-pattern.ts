import { RE2JS, RE2JSException } from 're2js'
import { ConfigError } from '../core/errors.ts'
import type { KnownIssue } from './known-issue.ts'

/** With lines of 4 KiB the slowest pattern of this size takes a third of a second for one line. */
const LARGEST_PROGRAM = 200

/** Characters of a line that are looked at. */
export const LONGEST_LINE = 4096

/** The literals and the pattern of a known issue, ready to be looked for. */
export interface IssuePattern {
  issue: KnownIssue
  literals: readonly string[]
  /** Whether a line that contains all literals matches the pattern too. Linear in the length of the line. */
  matches(line: string): boolean
}

/** Compiles the pattern of an issue. @throws ConfigError when RE2 does not know it, or it is too large */
export function compileIssue(issue: KnownIssue): IssuePattern {
  const literals = issue.contains
  if (issue.match === undefined) return { issue, literals, matches: () => true }
  const pattern = compile(issue.match)
  return { issue, literals, matches: (line) => pattern.test(line) }
}

function compile(source: string): RE2JS {
  let pattern: RE2JS
  try {
    pattern = RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw new ConfigError(`match: ${error.message.replace('error parsing regexp: ', '')}`, {
      hint: 'write RE2 syntax: no look-around, no back-references',
      cause: error,
    })
  }
  if (pattern.programSize() > LARGEST_PROGRAM) {
    throw new ConfigError(
      `match: the pattern is too large (${pattern.programSize()} instructions of at most ${LARGEST_PROGRAM})`,
      { hint: 'lower the counts in braces, or say more by "contains"' },
    )
  }
  return pattern
}

/** Whether a line has all literals and matches. */
export function hasIssue(pattern: IssuePattern, line: string): boolean {
  const seen = line.slice(0, LONGEST_LINE)
  return pattern.literals.every((literal) => seen.includes(literal)) && pattern.matches(seen)
}
