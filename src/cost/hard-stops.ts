import type { Budget } from '../matrix/spending-settings.ts'
import { usdText } from '../results/usage.ts'

/** What a cell is expected to cost. */
export interface Expense {
  runId: string
  cell: string
  platform: string
  usd: number
}

/** Money that is set aside for a cell that runs. */
export interface Reservation {
  /** Replaces the estimate by what the machine time came to. */
  settle(usd: number): Promise<void>
}

/** What was spent on a day, by platform, settled or set aside. */
export interface Spent {
  platform: string
  cells: number
  usd: number
  /** The part that is set aside for cells that run, or whose process was killed. */
  reservedUsd: number
}

/** Keeps what runs have spent, shared by processes that spend together. */
export interface SpendingBook {
  /** Sets money aside for a cell, or says which limit it would break. */
  reserve(expense: Expense, budget: Budget): Promise<Reservation | { refused: string }>
  close(): void
}

/** Dollars that are spent or set aside by now. */
export interface SpentSoFar {
  run: number
  day: number
  /** On this platform, on this day. */
  platform: number
}

/**
 * The first hard stop that an expense would break, for people; undefined when there is money left.
 * @param day of the expense, as 2026-11-22
 */
export function brokenStop(
  { platform, usd }: Expense,
  budget: Budget,
  day: string,
  spent: SpentSoFar,
): string | undefined {
  const stops = [
    { limit: budget['run-usd'], what: 'the run', spent: spent.run },
    { limit: budget['day-usd'], what: `the day ${day}`, spent: spent.day },
    { limit: budget['platform-day-usd']?.[platform], what: `${platform} on ${day}`, spent: spent.platform },
  ]
  for (const stop of stops) {
    if (stop.limit === undefined || stop.spent + usd <= stop.limit) continue
    return `the budget of ${stop.what} is used up: about ${usdText(stop.spent)} of ${usdText(stop.limit)} is spent or set aside, and this cell would cost about ${usdText(usd)}`
  }
  return undefined
}
