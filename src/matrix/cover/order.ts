import { allInteractions, count, gain } from './interactions.ts'
import type { Demand, Model, Row } from './model.ts'

/** A row of a plan and how many combinations it is the first to have. */
export interface OrderedRow {
  row: Row
  adds: number
}

/**
 * Orders rows so that each next one adds most for its price, given those before it: wherever a plan is cut, what is left is the best buy of its length.
 * The first `pinned` rows stay first. Rows that are alike keep their order.
 * @param options.price of a row, more than 0, in any unit
 */
export function orderRows(
  model: Model,
  demand: Demand,
  rows: readonly Row[],
  options: { price: (row: Row) => number; pinned?: number },
): OrderedRow[] {
  const interactions = allInteractions(model, demand)
  const ordered: OrderedRow[] = []
  const take = (row: Row) => ordered.push({ row, adds: count(interactions, row, 1) })
  const pinned = options.pinned ?? 0
  for (const row of rows.slice(0, pinned)) take(row)
  const left = rows.slice(pinned).map((row, index) => {
    const price = Math.max(options.price(row), Number.MIN_VALUE)
    return { row, index, price, worth: gain(interactions, row) / price }
  })
  const better = (a: (typeof left)[number], b: (typeof left)[number]) => b.worth - a.worth || a.index - b.index
  left.sort(better)
  while (left.length > 0) {
    // What a row adds only ever shrinks: a worth that is still the greatest after being looked at anew is the greatest.
    const first = left.shift()
    if (!first) break
    first.worth = gain(interactions, first.row) / first.price
    const next = left[0]
    if (!next || better(first, next) <= 0) take(first.row)
    else {
      const at = left.findIndex((other) => better(first, other) <= 0)
      left.splice(at < 0 ? left.length : at, 0, first)
    }
  }
  return ordered
}
