import { type Estimator, guess } from '../matrix/estimate.ts'
import type { PlatformPrice } from '../matrix/spending-settings.ts'
import type { CellSummary } from '../results/event.ts'
import { type Rate, rateOf, usdOf } from './prices.ts'

/** What earlier runs say about a cell: the machine time of each of its runs, and how many machines it had, newest first. */
export interface MeasuredUse {
  machines: number
  seconds: number
}

/** Earlier uses of a cell; empty when it never ran. */
export type UsesOf = (cell: CellSummary) => readonly MeasuredUse[]

/** Runs that count for the median: older ones ran other images. */
const RECENT = 7

/** A cell with what decides about its price. */
type PricedCell = CellSummary & { platformOptions?: Readonly<Record<string, unknown>> }

/**
 * Estimates by the median of earlier runs of a cell, else by a guess. Always an estimate: prices are those of a table,
 * and images differ from day to day.
 */
export function estimator(
  uses: UsesOf = () => [],
  prices: Readonly<Record<string, PlatformPrice>> = {},
): Estimator & { rate: (cell: PricedCell) => Rate | undefined } {
  const rate = (cell: PricedCell) => {
    const region = regionOf(cell)
    const { platform, instanceType } = cell
    return rateOf({ platform, instanceType, ...(region === undefined ? {} : { region }) }, prices)
  }
  const expected = (cell: CellSummary) => {
    const recent = uses(cell).slice(0, RECENT)
    if (recent.length === 0) return { ...guess.expectedSeconds(cell), machines: 1 }
    return {
      seconds: median(recent.map(({ seconds }) => seconds)),
      machines: Math.max(1, Math.round(median(recent.map(({ machines }) => machines)))),
      measured: true,
    }
  }
  return {
    rate,
    expectedSeconds: (cell) => {
      const { seconds, measured } = expected(cell)
      return { seconds, measured }
    },
    expectedUsd: (cell) => {
      const known = rate(cell)
      if (!known) return guess.expectedUsd(cell)
      const { seconds, machines } = expected(cell)
      return usdOf(
        known,
        Array.from({ length: machines }, () => seconds / machines),
      )
    },
  }
}

/** Where a cell runs: the axis `region`, else the option of its platform; undefined when the platform has none. */
export function regionOf(cell: PricedCell): string | undefined {
  const option = cell.platformOptions?.['region']
  return cell.axes?.['region'] ?? (typeof option === 'string' ? option : undefined)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
