import { plural } from '../core/text.ts'
import { lastKnownText, type NotSelectedCell } from '../results/not-selected.ts'

/** More cells than this are told by their rule only, where space is scarce. */
const SHORT = 10

/** `3 cells were not selected, by tier smoke`, for each rule, in the order they come. */
export function notSelectedByRule(cells: readonly NotSelectedCell[]): { by: string; cells: NotSelectedCell[] }[] {
  const rules = new Map<string, NotSelectedCell[]>()
  for (const cell of cells) rules.set(cell.by, [...(rules.get(cell.by) ?? []), cell])
  return [...rules].map(([by, of]) => ({ by, cells: of }))
}

/** One line a cell, or where there are many one line a rule. */
export function notSelectedLines(cells: readonly NotSelectedCell[]): string[] {
  if (cells.length <= SHORT)
    return cells.map(({ cell, by, last }) => `${cell.id}: not selected, by ${by}; ${lastKnownText(last)}`)
  return notSelectedByRule(cells).map(({ by, cells: of }) => {
    const bad = of.filter(({ last }) => last && last.status !== 'pass').length
    const known = of.filter(({ last }) => last).length
    return `${plural(of.length, 'cell')}: not selected, by ${by}; last known: ${known - bad} passed, ${bad} did not, ${of.length - known} without a result`
  })
}
