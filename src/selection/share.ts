import { createHash } from 'node:crypto'
import { ConfigError } from '../core/errors.ts'

/** So many of `of` equal parts of a matrix, other ones every day. */
export interface Share {
  parts: number
  of: number
}

const DAY_MS = 86_400_000

/** Reads `1/7`. @throws ConfigError */
export function parseShare(text: string): Share {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text)
  const [parts, of] = [Number(match?.[1]), Number(match?.[2])]
  if (match && parts >= 1 && parts <= of) return { parts, of }
  throw new ConfigError(`--share cannot be "${text}"`, { hint: 'write for example 1/7: another seventh every day' })
}

/** Reads a day as `YYYY-MM-DD`. @throws ConfigError */
export function parseDay(text: string): Date {
  const day = new Date(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)) return day
  throw new ConfigError(`--day cannot be "${text}"`, { hint: 'write a day as 2026-11-22' })
}

/**
 * Whether a cell belongs to the share of a day (UTC). After `of` divided by `parts` days, rounded up, every cell had its turn;
 * a cell keeps its days whatever is added to the matrix or removed from it.
 */
export function inShare(cellId: string, { parts, of }: Share, day: Date): boolean {
  const number = Math.floor(day.getTime() / DAY_MS)
  const bucket = createHash('sha256').update(cellId).digest().readUInt32BE(0) % of
  const first = (number * parts) % of
  return (bucket - first + of) % of < parts
}
