import { ConfigError } from '../core/errors.ts'
import type { Check, PolicyCheck, PolicyInfo, RegressionCheck, RegressionInfo } from './check.ts'

// On globalThis, because a user's checks may load this module through another path than the runner does.
const KEY = Symbol.for('harness.checks')
const store = globalThis as { [KEY]?: Map<string, Check> }

/** The checks declared so far in this process, by id. */
export function declaredChecks(): Map<string, Check> {
  store[KEY] ??= new Map()
  return store[KEY]
}

/**
 * Declares a policy check: a pure function of facts. It fails by throwing, usually through `expect`.
 * The id is for ever. @throws ConfigError when the id is taken or malformed.
 */
export function policy(id: string, info: PolicyInfo, judge: PolicyCheck['judge']): void {
  declareCheck({ suite: 'policy', id, info, judge, file: callerFile() })
}

/** Declares a regression check: it gets a live instance of the prepared image. */
export function regression(id: string, info: RegressionInfo, judge: RegressionCheck['judge']): void {
  declareCheck({ suite: 'regression', id, info, judge, file: callerFile() })
}

/** Declares a check that was not written as a call, such as an executable; `file` says where it comes from. @throws ConfigError */
export function declareCheck(check: Check): void {
  const checks = declaredChecks()
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(check.id)) {
    throw new ConfigError(`"${check.id}" is not a check id`, { hint: 'use lower-case words joined by hyphens' })
  }
  const known = checks.get(check.id)
  if (known && known.file !== check.file) {
    throw new ConfigError(`the check id "${check.id}" is used twice: ${known.file} and ${check.file}`, {
      hint: 'choose another id',
    })
  }
  checks.set(check.id, check)
}

function callerFile(): string {
  const line = (new Error().stack ?? '').split('\n')[3] ?? ''
  return /(?:file:\/\/)?(\/[^():]+)(?::\d+){2}/.exec(line)?.[1] ?? 'unknown'
}
