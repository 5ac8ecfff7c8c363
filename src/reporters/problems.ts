import type { CheckFailure, CheckRecord } from '../results/check-record.ts'
import type { CellModel } from '../results/run-model.ts'
import { countedChecks, isProblem, worstFirst } from '../results/summary.ts'
import { judgedAt } from './wording.ts'

/** What is wrong, once: a check that fails in several phases is one problem. */
export interface Problem {
  record: CheckRecord
  /** Where it was judged, for example `first-boot, after-reboot`. */
  where: string
}

/** The problems of a cell, worst first. */
export function problemsOf(cell: CellModel): Problem[] {
  const byCheck = Map.groupBy(worstFirst(countedChecks(cell).filter(isProblem)), (record) =>
    [record.suite, record.id, record.status].join('/'),
  )
  return [...byCheck.values()].flatMap((records) => {
    const [record] = records
    if (!record) return []
    const errors = distinct(records.flatMap((one) => one.errors))
    return [{ record: { ...record, errors }, where: [...new Set(records.map(judgedAt))].filter(Boolean).join(', ') }]
  })
}

/** One failure of each kind: phases tell the same with other numbers and names of temporary files, but end alike. */
function distinct(failures: readonly CheckFailure[]): CheckFailure[] {
  const seen = new Set<string>()
  return failures.filter(({ message, at }) => {
    const key = `${at} ${message.slice(-60).replaceAll(/[0-9]+/g, '0')}`
    return seen.has(key) ? false : seen.add(key)
  })
}
