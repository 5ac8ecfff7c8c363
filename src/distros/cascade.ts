import { findDistribution } from './distributions.ts'
import type { ExpectationName, Expectations, Subject } from './expectations.ts'

/** One row of the expectation tables. An absent condition matches everything; all present ones must match. */
export interface ExpectationRule {
  /** Distribution ids, or families such as `debian-family`. */
  distribution?: readonly string[]
  /** Versions (`13`) or codenames (`trixie`). */
  release?: readonly string[]
  platform?: readonly string[]
  variant?: readonly string[]
  /** Only containers, whatever platform they are said to be on. */
  container?: true
  expect: Expectations
  /** What nobody asks for here, though a more general rule does: checks that need it are skipped. */
  drop?: { names: readonly ExpectationName[]; source: string }
}

/** Merges the matching rules: a later rule wins over an earlier one, and a more special one over a general one. */
export function cascade(rules: readonly ExpectationRule[], subject: Subject): Expectations {
  const matching = rules.filter((rule) => matches(rule, subject))
  matching.sort((a, b) => weight(a) - weight(b))
  const merged: Expectations = {}
  for (const { expect, drop } of matching) {
    Object.assign(merged, expect)
    for (const name of drop?.names ?? []) delete merged[name]
  }
  return merged
}

function matches(rule: ExpectationRule, subject: Subject): boolean {
  const distribution = findDistribution(subject.distribution)
  const distributions = [subject.distribution, distribution?.id, distribution && `${distribution.family}-family`]
  const release = distribution?.releases.find(
    (known) => subject.release !== undefined && [known.version, known.codename].includes(subject.release),
  )
  return (
    includes(rule.distribution, distributions) &&
    includes(rule.release, [subject.release, release?.version, release?.codename]) &&
    includes(rule.platform, [subject.platform]) &&
    includes(rule.variant, [subject.variant]) &&
    (rule.container === undefined || subject.container === true)
  )
}

function includes(wanted: readonly string[] | undefined, present: readonly (string | undefined)[]): boolean {
  return wanted === undefined || present.some((name) => name !== undefined && wanted.includes(name))
}

function weight(rule: ExpectationRule): number {
  const family = rule.distribution?.every((name) => name.endsWith('-family')) === true
  return (
    (rule.distribution ? (family ? 1 : 2) : 0) +
    (rule.release ? 4 : 0) +
    (rule.platform ? 8 : 0) +
    (rule.container ? 8 : 0) +
    (rule.variant ? 32 : 0)
  )
}
