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
  return onlyChecks && !onlyChecks.globs.some((glob) => matchesGlob(check.id, glob)) ? onlyChecks.by : undefined
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
