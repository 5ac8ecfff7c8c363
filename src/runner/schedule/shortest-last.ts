import type { Cell } from '../../matrix/cell.ts'

/** How long a cell is expected to take; undefined when nobody knows. */
export type ExpectedSeconds = (cell: Cell) => number | undefined

/**
 * The same items in their order, but as many as there are places, the shortest, come last: so a run does not end with one long cell
 * while all other places are free. To begin with all of the longest would be no better, and let cells of one kind do everything at
 * the same moments. What nobody has measured may be long, so it keeps its place.
 */
export function shortestLast<Item extends { cell: Cell }>(
  items: readonly Item[],
  places: number,
  expected: ExpectedSeconds,
): Item[] {
  if (items.length <= places) return [...items]
  const seconds = new Map(items.map((item) => [item, expected(item.cell) ?? Number.POSITIVE_INFINITY]))
  const of = (item: Item) => seconds.get(item) ?? Number.POSITIVE_INFINITY
  const last = items
    .filter((item) => Number.isFinite(of(item)))
    .toSorted((a, b) => of(a) - of(b))
    .slice(0, places)
  const moved = new Set(last)
  return [...items.filter((item) => !moved.has(item)), ...last.toReversed()]
}
