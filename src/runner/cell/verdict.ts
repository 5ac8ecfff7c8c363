import type { ErrorRecord } from '../../core/errors.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { type Status, worstStatus } from '../../results/status.ts'
import type { Classified } from './classify.ts'

export interface Verdict {
  status: Status
  reason?: string
  error?: ErrorRecord
}

/**
 * The status of a cell: the worst of its failed steps and of the records that count. Baseline records only serve the comparison;
 * a waived failure does not count, and the reason says how many there are.
 */
export function cellVerdict(
  records: readonly CheckRecord[],
  failures: readonly Classified[],
  cancelled: boolean,
): Verdict {
  const counted = records.filter((record) => !record.baseline)
  const waived = counted.filter((record) => record.status === 'fail' && record.waived)
  const statuses: Status[] = [
    ...failures.map((failure) => failure.status),
    ...counted.filter((record) => !waived.includes(record)).map((record) => record.status),
  ]
  // Every step succeeded: a cell that judges nothing has shown that the image boots, upgrades and boots again.
  const nothingBad = statuses.every((one) => one === 'skip' || one === 'done')
  const status = nothingBad ? 'pass' : worstStatus(statuses)
  const failure = failures.find((known) => known.status === status) ?? failures[0]
  const reason = [
    cancelled ? 'cancelled' : undefined,
    failure?.error.message,
    describe(counted.filter((record) => !record.waived)),
    waived.length > 0
      ? `${waived.length} waived ${waived.length === 1 ? 'failure does' : 'failures do'} not count: ${names(waived)}`
      : undefined,
  ].filter((part) => part !== undefined)
  return {
    status,
    ...(reason.length > 0 ? { reason: reason.join('; ') } : {}),
    ...(failure ? { error: failure.error } : {}),
  }
}

function describe(records: readonly CheckRecord[]): string | undefined {
  const parts = (['fail', 'error', 'miss'] as const).flatMap((status) => {
    const found = records.filter((record) => record.status === status)
    return found.length > 0 ? [`${found.length} ${WORDS[status]}: ${names(found)}`] : []
  })
  return parts.length > 0 ? parts.join('; ') : undefined
}

const WORDS = { fail: 'failed', error: 'broke', miss: 'not judged' } as const

function names(records: readonly CheckRecord[]): string {
  const ids = [...new Set(records.map((record) => record.id))]
  return ids.length > 4 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ')
}
