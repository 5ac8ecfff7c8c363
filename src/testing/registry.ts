import { ConfigError } from '../core/errors.ts'
import type { Check, PolicyCheck, PolicyInfo, RegressionCheck, RegressionInfo } from './check.ts'

interface Registry {
  /** By file and id: cells with different files may use the same id. */
  checks: Map<string, { check: Check; loadedBy: string }>
  /** The file that is being loaded. */
  loading: string
}

// On globalThis, because a user's checks may load this module through another path than the runner does.
const KEY = Symbol.for('harness.checks')
const store = globalThis as { [KEY]?: Registry }

function registry(): Registry {
  store[KEY] ??= { checks: new Map(), loading: '' }
  return store[KEY]
}

/** The checks declared so far in this process, by id. */
export function declaredChecks(): Map<string, Check> {
  return new Map([...registry().checks.values()].map(({ check }) => [check.id, check]))
}

/** Loads a file; what is declared meanwhile belongs to it, also when a module that it imports declares it. */
export async function loadingFile<T>(file: string, load: () => Promise<T>): Promise<T> {
  const known = registry()
  known.loading = file
  try {
    return await load()
  } finally {
    known.loading = ''
  }
}

/** The checks of some files, by id. @throws ConfigError when two of them use the same id */
export function checksOfFiles(files: ReadonlySet<string>): Map<string, Check> {
  const own = new Map<string, Check>()
  for (const { check, loadedBy } of registry().checks.values()) {
    if (!files.has(check.file) && !files.has(loadedBy)) continue
    const known = own.get(check.id)
    if (known) {
      throw new ConfigError(`the check id "${check.id}" is used twice: ${known.file} and ${check.file}`, {
        hint: 'choose another id',
      })
    }
    own.set(check.id, check)
  }
  return own
}

/**
 * Declares a policy check: a pure function of facts. It fails by throwing, usually through `expect`.
 * The id is for ever. @throws ConfigError when the id is malformed.
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
  const { checks, loading } = registry()
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(check.id)) {
    throw new ConfigError(`"${check.id}" is not a check id`, { hint: 'use lower-case words joined by hyphens' })
  }
  checks.set(`${check.file}\n${check.id}`, { check, loadedBy: loading })
}

function callerFile(): string {
  const line = (new Error().stack ?? '').split('\n')[3] ?? ''
  return /(?:file:\/\/)?(\/[^():]+)(?::\d+){2}/.exec(line)?.[1] ?? 'unknown'
}
