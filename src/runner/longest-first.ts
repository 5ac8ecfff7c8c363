import type { Cell } from '../matrix/cell.ts'

/** How long a cell is expected to take; undefined when nobody knows. */
export type ExpectedSeconds = (cell: Cell) => number | undefined

/**
 * The same items, those that are expected to take longest before the others, so that a run does not end with one long cell while
 * all other places are free. What nobody knows comes first: it may be the longest. Among equals the order stays.
 */
export function longestFirst<Item extends { cell: Cell }>(items: readonly Item[], expected: ExpectedSeconds): Item[] {
  return items
    .map((item) => ({ item, seconds: expected(item.cell) ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => (a.seconds === b.seconds ? 0 : b.seconds - a.seconds))
    .map(({ item }) => item)
}
