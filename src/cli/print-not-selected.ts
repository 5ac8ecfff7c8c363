import { lastKnownText } from '../results/not-selected.ts'
import type { Narrowed } from './narrow.ts'
import { print, table } from './output.ts'

/** Prints by which rules cells were chosen, and for those that were not what is known of them. */
export async function printNotSelected({
  decisions,
  notSelected,
}: Pick<Narrowed, 'decisions' | 'notSelected'>): Promise<void> {
  if (decisions.length > 0) await print(`\n${decisions.join('\n')}`)
  if (notSelected.length === 0) return
  const rows = notSelected.map(({ cell, by, last }) => [`  ${cell.id}`, by, lastKnownText(last)])
  await print(`\nNot selected:\n${table(rows)}`)
}
