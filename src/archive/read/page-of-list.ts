import type { SqlValue } from '../database/sql.ts'
import { readCursor, writeCursor, type Page, type PageRequest } from './page.ts'

/**
 * One page of a list that is in memory, in the order of its keys. What comes or goes while someone turns pages does not move the others.
 * @param keyOf what orders the items; together the values tell them apart
 */
export function pageOfList<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => readonly [string, ...string[]],
  { limit = 100, cursor }: PageRequest,
  descending = false,
): Page<Item> {
  const compare = (a: readonly SqlValue[], b: readonly SqlValue[]) => {
    for (const [at, value] of a.entries()) {
      const [left, right] = [String(value), String(b[at])]
      if (left !== right) return left < right === descending ? 1 : -1
    }
    return 0
  }
  const sorted = all.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const [first] = sorted
  const after = cursor === undefined || !first ? undefined : readCursor(cursor, keyOf(first).length)
  const rest = after ? sorted.filter((item) => compare(keyOf(item), after) > 0) : sorted
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(rest.length > limit && last ? { next: writeCursor(keyOf(last)) } : {}) }
}
