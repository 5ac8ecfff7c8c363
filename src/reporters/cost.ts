import type { RunModel } from '../results/run-model.ts'
import { type Usage, usdText } from '../results/usage.ts'

/** `≈ $0.021`: what a cell cost, which is always an estimate; empty where no price is known. */
export function costText(usage: Usage | undefined): string {
  return usage?.usd === undefined ? '' : `≈ ${usdText(usage.usd)}`
}

/** `about $1.27 (an estimate)` for the whole run; empty when no cell has a price. */
export function runCostText(run: RunModel): string {
  const priced = run.cells.flatMap(({ usage }) => (usage?.usd === undefined ? [] : [usage.usd]))
  if (priced.length === 0) return ''
  return `about ${usdText(priced.reduce((sum, usd) => sum + usd, 0))} (an estimate)`
}

/** Whether the cost of cells is worth a column. */
export function hasCost(run: RunModel): boolean {
  return run.cells.some(({ usage }) => usage?.usd !== undefined)
}
