import type { CheckRecord } from './check-record.ts'
import { recordKey, type CellModel, type RunModel } from './run-model.ts'
import type { Status } from './status.ts'

/** How many results there are of each kind. A failure that a waiver covers is counted as `waived` only. */
export interface Counts extends Record<Status, number> {
  total: number
  waived: number
  flaky: number
}

/** What the agent upgrade changed, by the same checks on the unmodified and the upgraded image. */
export interface Comparison {
  /** Passed before, fails now. */
  broke: CheckRecord[]
  /** Failed before, passes now. */
  fixed: CheckRecord[]
  /** Failed before and fails now. */
  stillFailing: CheckRecord[]
  /** How many judgements were made on both sides. */
  compared: number
}

/** The records that decide about the cell: not those of the baseline. */
export function countedChecks(cell: CellModel): CheckRecord[] {
  return cell.checks.filter((record) => !record.baseline)
}

/** Whether a record speaks against the image or could not be judged, and no waiver covers it. */
export function isProblem(record: CheckRecord): boolean {
  return (
    record.waived === undefined && (record.status === 'fail' || record.status === 'error' || record.status === 'miss')
  )
}

export function countChecks(records: Iterable<CheckRecord>): Counts {
  const counts: Counts = { pass: 0, fail: 0, error: 0, miss: 0, skip: 0, done: 0, total: 0, waived: 0, flaky: 0 }
  for (const record of records) {
    const covered = record.waived !== undefined && (record.status === 'fail' || record.status === 'error')
    counts[covered ? 'waived' : record.status]++
    counts.total++
    if (record.flaky) counts.flaky++
  }
  return counts
}

/** Counts of several cells together. */
export function addCounts(all: readonly Counts[]): Counts {
  const sum = countChecks([])
  for (const counts of all) for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name]
  return sum
}

/** Whether a cell passes although it, or one of its checks, had failed on another machine. */
export function isFlaky(cell: CellModel): boolean {
  if (cell.state !== 'ended' || cell.status !== 'pass') return false
  const failed = cell.earlier.some(({ status }) => status === 'fail' || status === 'error')
  return cell.flaky || failed || countedChecks(cell).some((record) => record.flaky)
}

/** What is flaky in a run: cells that pass, with those of their checks that had failed on another machine. */
export function flakyCells(run: RunModel): { cell: CellModel; checks: CheckRecord[] }[] {
  return run.cells
    .filter(isFlaky)
    .map((cell) => ({ cell, checks: countedChecks(cell).filter((record) => record.flaky) }))
}

/** Judgements that a waiver covers: failures that do not count, and passes that show that the waiver is not needed. */
export function waivedChecks(cell: CellModel): CheckRecord[] {
  return countedChecks(cell).filter((record) => record.waived !== undefined && isBadOrPass(record.status))
}

function isBadOrPass(status: Status): boolean {
  return status === 'fail' || status === 'error' || status === 'pass'
}

export function countCells(run: RunModel): Counts {
  const counts: Counts = { pass: 0, fail: 0, error: 0, miss: 0, skip: 0, done: 0, total: 0, waived: 0, flaky: 0 }
  for (const cell of run.cells) {
    counts[cell.status]++
    counts.total++
    if (isFlaky(cell)) counts.flaky++
  }
  return counts
}

const SEVERITY_ORDER = { blocker: 0, major: 1, minor: 2 } as const
const STATUS_RANK: Readonly<Record<Status, number>> = { fail: 0, error: 1, miss: 2, pass: 3, done: 4, skip: 5 }

/** Worst first: by status, waived last among equals, then severity, suite and id. */
export function worstFirst(records: readonly CheckRecord[]): CheckRecord[] {
  const rank = (record: CheckRecord) =>
    STATUS_RANK[record.status] * 100 + (record.waived ? 50 : 0) + SEVERITY_ORDER[record.severity] * 10
  return records
    .map((record) => ({ record, rank: rank(record), key: recordKey(record) }))
    .sort((a, b) => a.rank - b.rank || byName.compare(a.key, b.key))
    .map(({ record }) => record)
}

const byName = new Intl.Collator()

/** Compares the unmodified image with the upgraded one. Undefined when the cell has no baseline. */
export function compareSubjects(cell: CellModel): Comparison | undefined {
  const before = byJudgement(cell.checks.filter((record) => record.baseline))
  if (before.size === 0) return undefined
  const after = byJudgement(countedChecks(cell).filter((record) => record.subject === 'upgraded'))
  const result: Comparison = { broke: [], fixed: [], stillFailing: [], compared: 0 }
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(key) ?? silentLogRule(after.get(key), before)
    const now = after.get(key) ?? silentLogRule(before.get(key), after)
    if (!old || !now) continue
    result.compared++
    if (fails(old) && fails(now)) result.stillFailing.push(now)
    else if (fails(now) && old.status === 'pass') result.broke.push(now)
    else if (fails(old) && now.status === 'pass') result.fixed.push(old)
  }
  return {
    ...result,
    broke: worstFirst(result.broke),
    fixed: worstFirst(result.fixed),
    stillFailing: worstFirst(result.stillFailing),
  }
}

function byJudgement(records: readonly CheckRecord[]): Map<string, CheckRecord> {
  return new Map(records.map((record) => [`${record.suite}/${record.id}/${record.phase ?? ''}`, record]))
}

/** A log rule leaves a record only where it hits: where the logs were read and it left none, it passed. */
function silentLogRule(
  other: CheckRecord | undefined,
  side: ReadonlyMap<string, CheckRecord>,
): CheckRecord | undefined {
  if (other?.suite !== 'logs' || other.status !== 'fail') return undefined
  if (side.get('logs/log-scan/')?.status !== 'pass') return undefined
  return { ...other, status: 'pass', errors: [] }
}

function fails(record: CheckRecord): boolean {
  return record.status === 'fail' || record.status === 'error'
}

/** Resources that a cell left behind, of the whole run. */
export function leaksOf(
  run: RunModel,
): { cell: string; resource: string; message: string; hint: string | undefined }[] {
  return run.cells.flatMap((cell) =>
    cell.leaks.map(({ resource, error }) => ({
      cell: cell.summary.id,
      resource,
      message: error.message,
      hint: error.hint,
    })),
  )
}
