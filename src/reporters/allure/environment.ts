import { cleanText } from '../../core/text.ts'
import { runCostText } from '../cost.ts'
import type { RunModel } from '../../results/run-model.ts'

/** How Allure groups what is not a pass. */
export const CATEGORIES = [
  { name: 'The image or the agent is at fault', matchedStatuses: ['failed'] },
  { name: 'Waived', matchedStatuses: ['skipped'], messageRegex: '(?s)^waived.*' },
  { name: 'Not judged: harness, host or platform', matchedStatuses: ['broken'], messageRegex: '(?s)^not judged.*' },
  { name: 'The check itself broke', matchedStatuses: ['broken'] },
  { name: 'Not selected', matchedStatuses: ['skipped'], messageRegex: '(?s)^not selected.*' },
  { name: 'Does not apply', matchedStatuses: ['skipped'] },
]

/** `environment.properties`. */
export function environment(run: RunModel): string {
  const agents = new Set(
    run.cells.map(({ summary, upgrade }) => (upgrade ? `${summary.agent.name} ${upgrade.to}` : summary.agent.name)),
  )
  const cost = runCostText(run)
  const values: Record<string, string> = {
    run: run.runId,
    harness: run.harness,
    ...run.host,
    agents: [...agents].join(', '),
    ...(cost === '' ? {} : { cost }),
  }
  return `${Object.entries(values)
    .map(([key, value]) => `${property(key, true)}=${property(value, false)}`)
    .join('\n')}\n`
}

/** Text for a Java properties file. */
function property(text: string, isKey: boolean): string {
  const line = cleanText(text).replaceAll('\\', '\\\\').replaceAll(/\s+/g, ' ').trim()
  const ascii = line.replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return isKey ? ascii.replaceAll(/[ :=#!]/g, '_') : ascii
}

/** `executor.json`: the order of builds in a trend. */
export function executor(run: RunModel) {
  const order = Date.parse(run.startedAt)
  return {
    name: 'harness',
    type: 'harness',
    buildName: run.runId,
    buildOrder: Number.isFinite(order) ? Math.floor(order / 1000) : 0,
    reportName: `harness ${run.runId}`,
  }
}
