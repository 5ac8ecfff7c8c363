/** The logs a rule can look at. A file is sorted into one of them by its name. */
export type LogKind = 'cloud-init.log' | 'cloud-init-output.log' | 'journal' | 'console' | 'ds-identify'

/** `allow` means: known, harmless, not a finding. */
export type RuleSeverity = 'critical' | 'error' | 'warn' | 'info' | 'allow'

/** Where a rule applies. An absent field means everywhere. */
export interface RuleScope {
  platforms?: readonly string[]
  distributions?: readonly string[]
  init?: readonly string[]
  /** cloud-init datasource names in lower case, for example `nocloud`. */
  datasources?: readonly string[]
  /** True: only in containers. False: only on machines with their own kernel. */
  container?: boolean
}

/** One line of knowledge about a log. Plain data: it can be listed, validated and tested without a log. */
export interface LogRule {
  id: string
  severity: RuleSeverity
  /** What a matching line means: a short clause, no full stop. */
  means: string
  /** POSIX extended regular expression, the dialect of `grep -E`. Matched against one normalised line. */
  pattern: string
  /** Default: every kind of log. */
  where?: readonly LogKind[]
  scope?: RuleScope
  /** Agent versions that write this text: comparators joined by spaces, `>=24.3 <25.3`. Default: all. */
  versions?: string
  /** Where the text comes from: an address, or a project and file. */
  source: string
  /** How little the rule says about the cause: it gives way to every rule with a lower number, and to those without one. */
  general?: 1 | 2 | 3
  /** Lines the pattern must find. */
  hits: readonly string[]
  /** Near misses: lines it must not find. */
  misses: readonly string[]
  /** `allow` only: why this is harmless. */
  reason?: string
  /** `allow` only: the last day it holds, `YYYY-MM-DD`. */
  until?: string
  /** `allow` only: why the rule is kept though no version in use writes the text. A stale rule allows nothing. */
  stale?: string
}

/** What is known about the machine that wrote the logs. Unknown fields never exclude a rule, but never grant an `allow`. */
export interface LogContext {
  platform?: string
  distribution?: string
  init?: string
  datasource?: string
  container?: boolean
  /** Version of the agent as its package says it, for example `25.1.4-1`. */
  agentVersion?: string
  /** Day against which `until` is judged, `YYYY-MM-DD`. Default: today. */
  today?: string
}
