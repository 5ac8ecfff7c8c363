import type { LogRule } from './rule.ts'

export { checkLogs, scanText } from './check-logs.ts'
export { findingsToRecords } from './findings-to-records.ts'
export { judgedLogKind, logKindOf } from './normalise.ts'
export type { LogContext, LogRule } from './rule.ts'
export { RuleSet } from './rule-set.ts'
export { shippedLogRules } from './rules/index.ts'
export type { Finding, LogScan } from './scan.ts'

/** Reads log rules of the user from a YAML file, see `user-rules.ts`; the parser is loaded only then. @throws ConfigError */
export async function readLogRules(file: string): Promise<LogRule[]> {
  return (await import('./user-rules.ts')).readLogRules(file)
}
