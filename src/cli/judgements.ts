import type { CheckRecord } from '../results/check-record.ts'
import { EXIT } from '../results/status.ts'

/** 1 when a check failed, else 3 when one could not be judged. */
export function exitCodeOf(records: readonly CheckRecord[]): number {
  if (records.some((record) => record.status === 'fail')) return EXIT.fail
  return records.some((record) => record.status === 'error' || record.status === 'miss') ? EXIT.miss : EXIT.pass
}

/** Judgements for people; without `all` those that want attention. */
export function describeJudgements(records: readonly CheckRecord[], all: boolean): string {
  const shown = records.filter(({ status }) => all || (status !== 'pass' && status !== 'skip'))
  const lines = shown.flatMap(({ status, id, title, severity, phase, errors, reason }) => [
    `${status.padEnd(5)} ${id} (${severity}, ${phase}): ${title}`,
    ...(reason === undefined ? [] : [`      ${reason}`]),
    ...errors.flatMap((error) => error.message.split('\n').map((line) => `      ${line}`)),
  ])
  const counts = new Map<string, number>()
  for (const { status } of records) counts.set(status, (counts.get(status) ?? 0) + 1)
  const numbers = [...counts].map(([status, count]) => `${count} ${status}`).join(', ')
  return [...lines, `${records.length} judgements: ${numbers || 'none'}`].join('\n')
}
