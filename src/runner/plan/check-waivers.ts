import { ConfigError } from '../../core/errors.ts'
import { shippedLogRules } from '../../logs/index.ts'
import type { Cell } from '../../matrix/cell.ts'
import { matchesGlob } from '../../matrix/glob.ts'
import { nearest } from '../../matrix/nearest.ts'
import { findWaiver, type Waiver } from '../../matrix/waivers.ts'
import type { CheckRecord } from '../../results/check-record.ts'

/**
 * Refuses waivers of checks that do not exist. Where cells have checks of their own, those that are not part of this run may have it.
 * @throws ConfigError with line and column
 */
export function refuseUnknownChecks(
  waivers: readonly Waiver[],
  cells: readonly Cell[],
  checks: Iterable<string>,
): void {
  if (waivers.length === 0 || cells.some((cell) => cell.checks.length > 0)) return
  const known = withLogRules(checks)
  for (const waiver of waivers) {
    if (known.has(waiver.check)) continue
    if (!cells.some(({ id }) => findWaiver(waiver.check, id, [waiver]))) continue
    const { position } = waiver
    throw new ConfigError(`there is no check "${waiver.check}"`, {
      ...(position ? { position } : {}),
      hint: suggestion(waiver.check, known),
    })
  }
}

/**
 * Refuses `only-checks` of the matrix that mean no check of any cell: a slip there would leave images unjudged.
 * @throws ConfigError with line and column
 */
export function refuseUnknownSelections(cells: readonly Cell[], checks: Iterable<string>): void {
  const known = withLogRules(checks)
  for (const { onlyChecks, onlyChecksAt = [] } of cells) {
    for (const [index, position] of onlyChecksAt.entries()) {
      const id = onlyChecks?.globs[index]?.replace(/^-/, '')
      if (id === undefined || [...known].some((one) => matchesGlob(one, id))) continue
      throw new ConfigError(`there is no check "${id}"`, { position, hint: suggestion(id, known) })
    }
  }
}

function withLogRules(checks: Iterable<string>): Set<string> {
  return new Set([...checks, ...shippedLogRules.map(({ id }) => `log-${id}`), 'log-scan', 'log-unclassified'])
}

function suggestion(id: string, known: Iterable<string>): string {
  const near = nearest(id, known)
  return near
    ? `did you mean "${near}"?`
    : '`harness list` and `harness list rules` tell the ids; those of rules begin with log-'
}

/**
 * Waivers of a cell whose checks pass wherever they were judged, without having failed before.
 * A log rule leaves a record only where it hits, so its silence counts when the logs were read.
 */
export function unneededWaivers(waivers: readonly Waiver[], cell: string, records: readonly CheckRecord[]): Waiver[] {
  const counted = records.filter((record) => !record.baseline)
  const logsRead = counted.some(({ id, status }) => id === 'log-scan' && status === 'pass')
  return waivers.filter((waiver) => {
    if (findWaiver(waiver.check, cell, waivers) !== waiver) return false
    const own = counted.filter(({ id }) => id === waiver.check)
    if (own.length === 0) return logsRead && waiver.check.startsWith('log-')
    return own.some(({ status }) => status === 'pass') && own.every((record) => holds(record))
  })
}

function holds({ status, flaky }: CheckRecord): boolean {
  return !flaky && (status === 'pass' || status === 'skip' || status === 'done')
}
