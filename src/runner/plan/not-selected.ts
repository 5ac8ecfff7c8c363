import { matchesGlob } from '../../matrix/glob.ts'
import type { Cell } from '../../matrix/cell.ts'
import { includesTier } from '../../matrix/tier.ts'
import type { CheckRecord, Phase } from '../../results/check-record.ts'
import { type LastKnown, type NotSelected, notSelectedText } from '../../results/not-selected.ts'
import { recordKey } from '../../results/run-model.ts'
import type { Check } from '../../testing/check.ts'
import { type PlannedCheck, recordOf } from './planned-check.ts'
import { BASELINE_TIER, tierOf } from './tier-of.ts'

/** What earlier runs know of a judgement in a cell. */
export type LastKnownOf = (cell: string, key: string) => LastKnown | undefined

/** The rule by which a judgement that applies is not made in this cell; undefined when it is made. */
export function whyNotSelected(cell: Cell, check: Check, phase?: Phase): string | undefined {
  const { tier = 'full', onlyChecks } = cell
  if (!includesTier(tier, tierOf(check, phase))) return `tier ${tier}`
  return onlyChecks && !isAmong(onlyChecks.globs, check.id) ? onlyChecks.by : undefined
}

/** Globs with a minus before them take away; where there are no others, they take away from everything. */
function isAmong(globs: readonly string[], id: string): boolean {
  const wanted = globs.filter((glob) => !glob.startsWith('-'))
  const unwanted = globs.filter((glob) => glob.startsWith('-')).map((glob) => glob.slice(1))
  const matches = (list: readonly string[]) => list.some((glob) => matchesGlob(id, glob))
  return (wanted.length === 0 || matches(wanted)) && !matches(unwanted)
}

/** Whether the unmodified image is judged beside the upgraded one. */
export function judgesBaseline(cell: Cell): boolean {
  return includesTier(cell.tier ?? 'full', BASELINE_TIER)
}

/** A record of a judgement that is not made, with the newest known one. */
export function notSelectedRecord(planned: PlannedCheck, by: string, cell: string, last?: LastKnownOf): CheckRecord {
  const known = last?.(cell, recordKey(recordOf(planned, 'skip')))
  const notSelected: NotSelected = { by, ...(known ? { last: known } : {}) }
  return { ...recordOf(planned, 'skip', notSelectedText(notSelected)), notSelected }
}
