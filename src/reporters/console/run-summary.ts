import type { RunModel } from '../../results/run-model.ts'
import { paintNothing } from './ansi.ts'
import { finalSummary } from './final-summary.ts'

/** The end of a run as text, for who did not see it happen. */
export function runSummary(run: RunModel, reports: readonly string[]): string {
  return finalSummary(run, { width: 160, paint: paintNothing, reports }).join('\n').trimStart()
}
