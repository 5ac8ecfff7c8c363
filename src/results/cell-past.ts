import type { CheckRecord, EarlierJudgement } from './check-record.ts'
import type { EventOf, RunEvent } from './event.ts'
import { recordKey } from './run-model.ts'
import type { Status } from './status.ts'

/** A judgement and the attempt that made it. */
export interface PastRecord {
  attempt: number
  record: CheckRecord
}

/** What earlier attempts at a cell found and used up. Plain data, so that any process can go on with the cell. */
export interface CellPast {
  /** Number of the last attempt that began. */
  attempt: number
  /** Further attempts each budget has paid for. */
  spent: { infrastructure: number; tests: number }
  /** Why the next attempt is made. */
  again: NonNullable<EventOf<'cell-started'>['again']>
  /** Each judgement once. */
  records: PastRecord[]
  /** True when what was found stands, and only what did not hold is judged again. */
  keeps: boolean
  /** Set when some attempt found the image or a check to be bad. */
  failed?: BadStatus
}

/** What speaks against an image, or against a check. */
export type BadStatus = 'fail' | 'error'

/** A cell as the events of its run leave it. */
export type CellState =
  | { state: 'waiting' }
  | { state: 'ended'; end: EventOf<'cell-ended'>; leaks: number }
  | { state: 'unfinished'; past: CellPast; leaks: number }

/** Whether a judgement needs no other machine: it holds, does not apply, was only measured, or its failure is accepted. */
export function isSettled(record: CheckRecord): boolean {
  if (record.baseline) return true
  if (record.status === 'miss' || record.status === 'error') return false
  return record.status !== 'fail' || record.waived !== undefined
}

/** Whether a judgement speaks against the image or the check, and nothing excuses it. */
export function isBad(record: CheckRecord): boolean {
  return !record.baseline && record.waived === undefined && (record.status === 'fail' || record.status === 'error')
}

/**
 * A judgement that was made again. What passes after it failed is flaky; what could not be judged again stays as it was.
 */
export function judgedAgain(record: CheckRecord, before: PastRecord | undefined): CheckRecord {
  if (!before || before.record === record) return record
  const old = before.record
  const earlier = [...(old.earlier ?? [])]
  if (!isBad(old)) return earlier.length > 0 ? { ...record, earlier, ...flakyIf(record) } : record
  if (record.status === 'miss' || record.status === 'skip') return old
  earlier.push(judgementOf(before))
  return { ...record, earlier, ...flakyIf(record) }
}

function flakyIf(record: CheckRecord): { flaky?: true } {
  return record.status === 'pass' || record.status === 'done' ? { flaky: true } : {}
}

function judgementOf({ attempt, record }: PastRecord): EarlierJudgement {
  const { status, reason, errors } = record
  return { attempt, status, ...(reason === undefined ? {} : { reason }), errors: errors.slice(0, 3) }
}

/** Judgements in the order they were made first, each as it was made last. */
export function latest(records: Iterable<PastRecord>): PastRecord[] {
  const byKey = new Map<string, PastRecord>()
  for (const past of records) byKey.set(recordKey(past.record), past)
  return [...byKey.values()]
}

/** What the events of a run say about one of its cells, for whoever goes on with it. */
export class CellHistory {
  #attempt = 0
  #records: PastRecord[] = []
  #spent = { infrastructure: 0, tests: 0 }
  #keeps = false
  #failed: BadStatus | undefined
  #leaks = 0
  #end: EventOf<'cell-ended'> | undefined

  /** @param past what is known from elsewhere, when the events go on from there */
  constructor(past?: CellPast) {
    if (!past) return
    this.#attempt = past.attempt
    this.#records = [...past.records]
    this.#spent = { ...past.spent }
    // The start of the attempt it pays for is still to be told.
    if (past.again !== 'resume') this.#spent[past.again]--
    this.#keeps = past.keeps
    this.#failed = past.failed
  }

  /** Takes an event of the cell. */
  take(event: RunEvent): void {
    switch (event.type) {
      case 'cell-started':
        this.#begin(event)
        return
      case 'check-ended':
        if (event.attempt >= this.#attempt) this.#records.push({ attempt: event.attempt, record: event.record })
        return
      case 'leaked':
        this.#leaks++
        return
      case 'cell-ended':
        if (event.attempt < this.#attempt) return
        this.#end = event
        // A cell that was cancelled before it began has had no attempt.
        if (event.cancelled && this.#attempt === 0) return
        this.#attempt = event.attempt
        this.#failed = worseOf(this.#failed, event.status)
        // Nobody goes on with it: thousands of finished cells must not fill memory.
        if (event.next === undefined && !event.cancelled) this.#records = []
        return
      default:
    }
  }

  get state(): CellState {
    const end = this.#end
    if (end && end.next === undefined && !end.cancelled) return { state: 'ended', end, leaks: this.#leaks }
    if (this.#attempt === 0) return { state: 'waiting' }
    return { state: 'unfinished', past: this.#past(end), leaks: this.#leaks }
  }

  #begin(event: EventOf<'cell-started'>): void {
    if (event.again === 'infrastructure' || event.again === 'tests') this.#spent[event.again]++
    this.#attempt = event.attempt
    this.#keeps = event.keeps ?? false
    this.#end = undefined
    this.#records = standing(this.#records, this.#keeps)
  }

  #past(end: EventOf<'cell-ended'> | undefined): CellPast {
    const keeps = end?.next === 'tests' || this.#keeps
    const spent = { ...this.#spent }
    if (end?.next) spent[end.next]++
    return {
      attempt: this.#attempt,
      spent,
      again: end?.next ?? 'resume',
      records: standing(this.#records, keeps),
      keeps,
      ...failedBy(this.#records, this.#failed),
    }
  }
}

/** How bad it was at its worst. */
export function worseOf(before: BadStatus | undefined, status: Status): BadStatus | undefined {
  if (before === 'fail' || status === 'fail') return 'fail'
  return status === 'error' ? 'error' : before
}

/** The mark of a cell whose judgements, or an earlier attempt, were bad. */
export function failedBy(records: Iterable<PastRecord>, before: BadStatus | undefined): { failed?: BadStatus } {
  let failed = before
  for (const { record } of records) if (isBad(record)) failed = worseOf(failed, record.status)
  return failed === undefined ? {} : { failed }
}

/** What the next attempt has to know of what was found: everything when it stands, else only what did not hold. */
export function standing(records: Iterable<PastRecord>, keeps: boolean): PastRecord[] {
  const all = latest(records)
  return keeps ? all : all.filter(({ record }) => isBad(record) || record.earlier !== undefined)
}
