import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import type { CheckRecord } from '../results/check-record.ts'
import { readText } from './load-matrix.ts'
import { matchesCell } from './select.ts'
import { parseYaml } from './yaml-source.ts'

const waiver = z.strictObject({
  check: z.string().min(1).describe('Id of the check or log rule.'),
  cells: z.string().min(1).describe('Glob over cell ids, for example "lxd/debian-12/*".'),
  reason: z.string().min(1).describe('Why the failure is accepted for now.'),
  tracker: z.url().describe('Where the failure is being worked on.'),
  until: z.iso.date().describe('Last day the waiver is valid, as YYYY-MM-DD.'),
})

/** `waivers.yaml`: known failures that do not count for the verdict, each for a while only. */
export const waiversSchema = z
  .strictObject({ $schema: z.string().optional(), waivers: z.array(waiver) })
  .describe('Known failures.')

export type Waiver = z.infer<typeof waiver>

/**
 * Reads waivers. An expired one is refused: it must be renewed or removed by a person.
 * @param now the day it is; for tests
 * @throws ConfigError with line and column
 */
export async function loadWaivers(file: string, now = new Date()): Promise<Waiver[]> {
  return parseWaivers(await readText(file, 'give another file with --waivers'), file, now)
}

/** Checks the text of a waiver file. @throws ConfigError with line and column */
export function parseWaivers(text: string, file: string, now = new Date()): Waiver[] {
  const { value, positionOf } = parseYaml(text, file, waiversSchema)
  const today = now.toISOString().slice(0, 10)
  value.waivers.forEach((entry, index) => {
    if (entry.until >= today) return
    throw new ConfigError(`the waiver of ${entry.check} expired on ${entry.until}`, {
      position: positionOf(['waivers', index, 'until']),
      hint: `look at ${entry.tracker}, then remove the waiver or give it a later day`,
    })
  })
  return value.waivers
}

/** The record with the waiver that covers it, if it failed and one does. Its status stays. */
export function applyWaivers(record: CheckRecord, cell: string, waivers: readonly Waiver[]): CheckRecord {
  if (record.status !== 'fail') return record
  const found = waivers.find((entry) => entry.check === record.id && matchesCell(cell, entry.cells))
  return found ? { ...record, waived: { reason: found.reason, tracker: found.tracker, until: found.until } } : record
}
