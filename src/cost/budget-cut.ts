import { plural } from '../core/text.ts'
import type { CellSummary } from '../results/event.ts'
import { usdText } from '../results/usage.ts'

/** The part of an ordered plan that a budget buys. */
export interface Bought<C> {
  kept: C[]
  cut: C[]
  /** Estimated price of what is kept. */
  usd: number
}

/** Buys cells in their order until the next one would cost too much; it and all after it are cut. */
export function cutToBudget<C>(cells: readonly C[], budgetUsd: number, usdOf: (cell: C) => number): Bought<C> {
  let usd = 0
  let count = 0
  for (const cell of cells) {
    const next = usd + usdOf(cell)
    // Sums of small prices are not exact.
    if (next > budgetUsd * (1 + 1e-9)) break
    usd = next
    count++
  }
  return { kept: cells.slice(0, count), cut: cells.slice(count), usd }
}

/**
 * Cells in the order that buys most new coverage for its price, so that any beginning is a good buy: always the cell with the most
 * new values and pairs of values per dollar, the first among equals.
 */
export function byWorth<C extends CellSummary>(cells: readonly C[], usdOf: (cell: C) => number): C[] {
  const open = cells.map((cell, index) => {
    const { values, pairs } = coverageOf([cell])
    return { cell, index, parts: [...values, ...pairs.keys()], worth: Number.POSITIVE_INFINITY }
  })
  const covered = new Set<string>()
  const ordered: C[] = []
  const price = (cell: C) => Math.max(usdOf(cell), 1e-6) ** GAIN_POWER
  while (open.length > 0) {
    // What a cell adds only shrinks, so an old number is an upper bound, and most need not be counted again.
    let best = -1
    for (const [at, one] of open.entries()) {
      if (best >= 0 && one.worth <= (open[best]?.worth ?? 0)) continue
      one.worth = one.parts.filter((part) => !covered.has(part)).length / price(one.cell)
      if (best < 0 || one.worth > (open[best]?.worth ?? 0)) best = at
    }
    const [taken] = open.splice(best, 1)
    if (!taken) break
    ordered.push(taken.cell)
    for (const part of taken.parts) covered.add(part)
  }
  return ordered
}

/** Below 1, so that a cheap cell that adds little does not come before all others. */
const GAIN_POWER = 0.7

/** What only the cells that were cut would have covered. */
export interface LostCoverage {
  /** Values that no kept cell has, as `axis=value`. */
  values: string[]
  /** Pairs of values that no kept cell has together, though it has each of them, as `axis=value with axis=value`. */
  pairs: string[]
}

/** Compares what cells cover by single values and by pairs of them. */
export function lostCoverage(kept: readonly CellSummary[], cut: readonly CellSummary[]): LostCoverage {
  const bought = coverageOf(kept)
  const lost = coverageOf(cut)
  const values = [...lost.values].filter((value) => !bought.values.has(value))
  const missing = new Set(values)
  const pairs = [...lost.pairs].filter(
    ([pair, [one, other]]) => !bought.pairs.has(pair) && !missing.has(one) && !missing.has(other),
  )
  return { values, pairs: pairs.map(([pair]) => pair) }
}

/** `--budget-usd 5.00 buys 12 of 20 cells for about $4.80; …`, one fact a line. */
export function budgetLines(bought: Bought<CellSummary>, budgetUsd: number): string[] {
  const { kept, cut, usd } = bought
  const all = kept.length + cut.length
  const head = `The budget of ${usdText(budgetUsd)} buys ${kept.length} of ${all} cells, for about ${usdText(usd)} (an estimate).`
  if (cut.length === 0) return [head]
  const { values, pairs } = lostCoverage(kept, cut)
  const some = (what: (count: number) => string, list: readonly string[]) =>
    list.length === 0
      ? []
      : [`Not bought: ${what(list.length)}: ${list.slice(0, 8).join(', ')}${list.length > 8 ? ', ...' : ''}`]
  const lines = [
    ...some((count) => plural(count, 'value'), values),
    ...some((count) => `${plural(count, 'pair')} of values`, pairs),
  ]
  return [head, ...(lines.length > 0 ? lines : ['Every value and every pair of values of the plan is bought.'])]
}

function coverageOf(cells: readonly CellSummary[]) {
  const values = new Set<string>()
  const pairs = new Map<string, readonly [string, string]>()
  for (const cell of cells) {
    const own = Object.entries(axesOf(cell)).map(([axis, value]) => `${axis}=${value}`)
    own.forEach((one, index) => {
      values.add(one)
      for (const other of own.slice(index + 1)) pairs.set(`${one} with ${other}`, [one, other])
    })
  }
  return { values, pairs }
}

/** Distribution and release are told by the image. */
function axesOf({ axes, platform, image, instanceType, boot }: CellSummary): Readonly<Record<string, string>> {
  const { distribution: _, release: __, ...told } = axes ?? { platform, image, 'instance-type': instanceType, boot }
  return told
}
