import { shippedLogRules, type LogRule } from '../logs/index.ts'
import { loadChecks } from '../runner/checks/load-checks.ts'
import type { Check } from '../testing/check.ts'

/** Everything an image is judged by, by id. */
export interface Catalogue {
  checks: Map<string, Check>
  rules: Map<string, LogRule>
}

/** Loads the checks and log rules of the harness and those of the user. @throws ConfigError */
export async function loadCatalogue(extra: readonly string[] = []): Promise<Catalogue> {
  return { checks: await loadChecks(extra), rules: new Map(shippedLogRules.map((rule) => [rule.id, rule])) }
}

/** Phases as a list. */
export function phasesOf(check: Check): readonly string[] {
  if (check.suite !== 'policy') return []
  return typeof check.info.phase === 'string' ? [check.info.phase] : check.info.phase
}

/** A check as plain data for `--json`. */
export function checkData(check: Check): Record<string, unknown> {
  return { id: check.id, suite: check.suite, ...check.info, file: check.file }
}
