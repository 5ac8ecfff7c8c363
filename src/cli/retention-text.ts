import type { RetentionReport } from '../archive/index.ts'
import { plural } from '../core/text.ts'
import { bytesText } from '../reporters/wording.ts'

/** What a round of retention did, for people. */
export function retentionText(
  { classes, logs, strays, checks, rows, freed }: RetentionReport,
  dryRun: boolean,
): string {
  const kept = Object.entries(classes).map(([name, count]) => `${count} ${name}`)
  const verb = dryRun ? 'would remove' : 'removed'
  return `${verb} ${plural(logs + strays, 'file')} (${bytesText(freed)}), judgements of ${plural(checks, 'result')}, ${plural(rows, 'whole submission')}; results: ${kept.join(', ')}`
}
