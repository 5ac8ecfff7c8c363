import { z } from 'zod'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import type { CheckRecord } from '../results/check-record.ts'
import { readText } from './load-matrix.ts'
import { matchesCell } from './select.ts'
import { parseYaml } from './yaml-source.ts'

const globs = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

const waiver = z.strictObject({
  check: z.string().min(1).describe('Id of the check or log rule.'),
  cells: globs.describe('Which cells: a glob over their ids, for example "lxd/debian-12/*", or several.'),
  reason: z.string().min(1).describe('Why the failure is accepted for now.'),
  tracker: z.url().describe('Where the failure is being worked on.'),
  until: z.iso.date().describe('Last day the waiver is valid, as YYYY-MM-DD: at most 90 days from today.'),
  skip: z
    .string()
    .min(1)
    .optional()
    .describe('Do not even run the check, because that would do harm: say which. Only for regression checks.'),
})

/** `waivers.yaml`: known failures that do not count for the verdict, each for a while only. */
export const waiversSchema = z
  .strictObject({ $schema: z.string().optional(), waivers: z.array(waiver) })
  .describe('Known failures.')

/** A known failure. `position` is where it is written. */
export type Waiver = z.infer<typeof waiver> & { position?: SourcePosition }

/** A waiver lasts this long at most: then somebody has to look again. */
const LONGEST_DAYS = 90

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
  const last = new Date(now.getTime() + LONGEST_DAYS * 86_400_000).toISOString().slice(0, 10)
  value.waivers.forEach((entry, index) => {
    const position = positionOf(['waivers', index, 'until'])
    if (entry.until < today) {
      throw new ConfigError(`the waiver of ${entry.check} expired on ${entry.until}`, {
        position,
        hint: `look at ${entry.tracker}, then remove the waiver or give it a later day`,
      })
    }
    if (entry.until > last) {
      throw new ConfigError(`the waiver of ${entry.check} would last until ${entry.until}`, {
        position,
        hint: `a waiver lasts ${LONGEST_DAYS} days at most: write ${last} or an earlier day`,
      })
    }
  })
  return value.waivers.map((entry, index) => ({ ...entry, position: positionOf(['waivers', index, 'check']) }))
}

/** The waiver of a check in a cell; the first that covers it. */
export function findWaiver(check: string, cell: string, waivers: readonly Waiver[]): Waiver | undefined {
  return waivers.find((entry) => entry.check === check && [entry.cells].flat().some((glob) => matchesCell(cell, glob)))
}

/** The record with the waiver that covers it, if it failed or passed and one does. Its status stays. */
export function applyWaivers(record: CheckRecord, cell: string, waivers: readonly Waiver[]): CheckRecord {
  if (record.status !== 'fail' && record.status !== 'pass') return record
  const found = findWaiver(record.id, cell, waivers)
  return found ? { ...record, waived: { reason: found.reason, tracker: found.tracker, until: found.until } } : record
}
