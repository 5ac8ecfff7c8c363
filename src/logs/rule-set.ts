import { ConfigError } from '../core/errors.ts'
import { LineMatcher } from './line-matcher.ts'
import type { LogContext, LogKind, LogRule, RuleSeverity } from './rule.ts'
import { inVersionRange } from './version-range.ts'

const RANK: Readonly<Record<RuleSeverity, number>> = { allow: 0, critical: 1, error: 2, warn: 3, info: 4 }

/** Many rules compiled into one automaton. */
export class RuleSet {
  readonly rules: readonly LogRule[]
  private readonly matcher: LineMatcher

  /** @throws ConfigError when a pattern is malformed or an id is used twice. */
  constructor(rules: readonly LogRule[]) {
    const seen = new Set<string>()
    for (const { id } of rules) {
      if (seen.has(id)) throw new ConfigError(`the log rule "${id}" is declared twice`, { hint: 'choose another id' })
      seen.add(id)
    }
    this.rules = rules
    this.matcher = new LineMatcher(rules.map((rule) => rule.pattern))
  }

  /** Rules whose pattern occurs in the text, whatever their scope. */
  matching(text: string): LogRule[] {
    return this.matcher.match(text).flatMap((index) => this.rules[index] ?? [])
  }
}

/**
 * The rule that decides about a line of a line that several match: allow, then critical, error, warn, info.
 * A general rule never overrules one that names the cause, however severe it is.
 */
export function decide(candidates: readonly LogRule[]): LogRule | undefined {
  const order = (rule: LogRule) => (rule.severity === 'allow' ? 0 : 10 * (rule.general ?? 0) + RANK[rule.severity])
  return [...candidates].sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id))[0]
}

/** Whether a rule speaks about this kind of log on this machine. What is not known excludes no rule, but grants no allowance. */
export function ruleApplies(rule: LogRule, kind: LogKind, context: LogContext): boolean {
  if (rule.where && !rule.where.includes(kind)) return false
  const known = rule.severity !== 'allow'
  const { scope = {} } = rule
  if (!within(scope.platforms, context.platform, known)) return false
  if (!within(scope.distributions, context.distribution, known)) return false
  if (!within(scope.init, context.init, known)) return false
  if (!within(scope.datasources, context.datasource?.toLowerCase(), known)) return false
  if (scope.container !== undefined && (context.container ?? (known ? scope.container : undefined)) !== scope.container)
    return false
  if (rule.severity === 'allow' && !allowanceHolds(rule, context)) return false
  return rule.versions === undefined || inVersionRange(context.agentVersion, rule.versions)
}

/** Whether an `allow` rule is neither stale nor expired. */
export function allowanceHolds(rule: LogRule, context: LogContext): boolean {
  const today = context.today ?? new Date().toISOString().slice(0, 10)
  return rule.stale === undefined && (rule.until === undefined || rule.until >= today)
}

function within(allowed: readonly string[] | undefined, actual: string | undefined, whenUnknown: boolean): boolean {
  return allowed === undefined || (actual === undefined ? whenUnknown : allowed.includes(actual))
}
