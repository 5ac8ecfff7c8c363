import { CancelledError, toErrorRecord, WaitTimeoutError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import type { Instance } from '../../instance/instance.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { isBad, judgedAgain, latest, type PastRecord } from '../../results/cell-past.ts'
import type { CellSummary, StepName } from '../../results/event.ts'
import type { Cell } from '../../matrix/cell.ts'
import { recordKey } from '../../results/run-model.ts'
import { applyWaivers } from '../../matrix/waivers.ts'
import { classify, type Classified } from './classify.ts'
import type { CellPlan } from '../plan/plan.ts'
import type { SlowDown } from '../../limits/pace.ts'
import { Background } from '../background.ts'
import { laneOf } from '../schedule/paces.ts'
import { leakError } from './leak-error.ts'
import { Meter } from './meter.ts'
import type { NewEvent } from '../event-log.ts'
import { unneededWaivers } from '../plan/check-waivers.ts'
import { recordOf } from '../plan/planned-check.ts'
import type { RunContext } from '../run-context.ts'
import type { Status } from '../../results/status.ts'
import { cellVerdict, type Verdict } from './verdict.ts'

type OfCell = Extract<NewEvent, { cell: string }>
type Unplaced<T> = T extends unknown ? Omit<T, 'cell' | 'attempt'> : never

/** One attempt at one cell: where its stages report to and what they share. */
export class CellStage {
  readonly run: RunContext
  readonly plan: CellPlan
  readonly attempt: number
  /** Folder of the cell in the report. */
  readonly dir: string
  /** Fires when the run is cancelled, the cell's time is over or the attempt is given up. */
  readonly signal: AbortSignal
  /** What this attempt judged. */
  readonly records: CheckRecord[] = []
  readonly failures: Classified[] = []
  /** Why something that checks need does not exist, by what it is. */
  readonly missing = new Map<string, string>()
  /** Work of this attempt that must be over before its end is told. */
  readonly ending = new Background()
  readonly meter = new Meter()
  boots = 0
  leaks = 0
  /** The machine is a container, as its facts said; on a cloud that is one of this host's. */
  isContainer = false
  /** This attempt found something that speaks against the image. */
  foundBad = false
  readonly #abort = new AbortController()
  readonly #deadline: AbortSignal

  constructor(run: RunContext, plan: CellPlan, attempt: number, dir: string) {
    this.run = run
    this.plan = plan
    this.attempt = attempt
    this.dir = dir
    this.#deadline = AbortSignal.timeout(plan.cell.timeouts.cellMs)
    this.signal = AbortSignal.any([run.signal, this.#deadline, this.#abort.signal])
  }

  /** Ends what is still going on in this attempt. */
  giveUp(): void {
    this.#abort.abort()
  }

  get timedOut(): boolean {
    return this.#deadline.aborted && !this.run.signal.aborted
  }

  emit(event: Unplaced<OfCell>): void {
    this.run.events.emit({ cell: this.plan.cell.id, attempt: this.attempt, ...event } as NewEvent)
  }

  /** Asks the platform for something; when it is asked too often, again after a while, and the run slows down. */
  async paced<T>(work: () => Promise<T>, signal = this.signal): Promise<T> {
    const { cell } = this.plan
    const onSlowDown = ({ cells, waitMs }: SlowDown) => {
      const rest = `all wait ${formatMs(waitMs)}, then at most ${cells} ${cells === 1 ? 'cell' : 'cells'} at a time`
      this.emit({ type: 'warning', message: `${laneOf(cell)} is asked too often: ${rest}` })
    }
    return await this.run.paces.of(cell).call(work, { signal, onSlowDown })
  }

  /** Runs one step with its events. Rejects with what the step threw. */
  async step<T>(step: StepName, work: () => Promise<T>, detail?: string): Promise<T> {
    const started = performance.now()
    this.emit({ type: 'step-started', step, ...(detail === undefined ? {} : { detail }) })
    const durationMs = () => Math.round(performance.now() - started)
    try {
      if (this.signal.aborted && !ALWAYS.has(step)) throw new CancelledError(`cancelled before the step ${step}`)
      const value = await work()
      this.emit({ type: 'step-ended', step, durationMs: durationMs(), outcome: 'ok' })
      return value
    } catch (error) {
      const shown = this.#explain(error, step)
      this.emit({ type: 'step-ended', step, durationMs: durationMs(), outcome: 'failed', error: toErrorRecord(shown) })
      throw shown
    }
  }

  /** What reports know of the cell. */
  get summary(): CellSummary {
    return summaryOf(this.plan.cell)
  }

  /** Logs are kept after a cancellation too, but then quickly. */
  collectSignal(): AbortSignal {
    const { cleanupMs, pace = 1 } = this.plan.cell.timeouts
    return AbortSignal.timeout(this.run.signal.aborted ? 10_000 : cleanupMs * pace)
  }

  /** Tells of something that could not be removed. It stays in the ledger. */
  leaked(resource: string, error: unknown): void {
    this.leaks++
    this.emit({ type: 'leaked', resource, error: toErrorRecord(leakError(error)) })
  }

  /** Says that a step was left out, and why. */
  skipStep(step: StepName, reason: string): void {
    this.emit({ type: 'step-ended', step, durationMs: 0, outcome: 'skipped', reason })
  }

  /** Remembers a failed step for the verdict. An attempt that was given up for another failure adds none. */
  async fail(error: unknown, instance?: Instance): Promise<Classified> {
    const failure = await classify(error, instance)
    if (!(error instanceof CancelledError && this.failures.length > 0)) this.failures.push(failure)
    return failure
  }

  /** What counts: the judgements of this attempt, and those of earlier ones that stand. */
  counted(): PastRecord[] {
    const past = this.plan.past
    const made = this.records.map((record) => ({ attempt: this.attempt, record }))
    return past?.keeps ? latest([...past.records, ...made]) : made
  }

  /** The status of the cell as it is now known. What was found bad before stays so when nothing could be judged again. */
  verdict(): Verdict {
    const counted = this.counted().map(({ record }) => record)
    const verdict = cellVerdict(counted, this.failures, this.run.signal.aborted)
    const failed = this.plan.past?.failed
    if (verdict.status !== 'miss' || failed === undefined || this.run.signal.aborted) return verdict
    const reason = `an earlier attempt found it bad, and it could not be judged again: ${verdict.reason ?? 'no reason known'}`
    return { ...verdict, status: failed, reason }
  }

  /** Tells of waivers that have become useless. */
  warnOfWaivers(): void {
    if (this.run.signal.aborted) return
    const records = this.counted().map(({ record }) => record)
    for (const { check, tracker, position } of unneededWaivers(this.run.waivers, this.plan.cell.id, records)) {
      const at = position ? ` at ${position.file}:${position.line}` : ''
      this.emit({ type: 'warning', message: `waiver no longer needed: ${check} passes; remove it${at} (${tracker})` })
    }
  }

  /** The run was cancelled before everything was judged. */
  get wasCut(): boolean {
    if (!this.run.signal.aborted) return false
    return this.failures.length > 0 || this.counted().some(({ record }) => record.status === 'miss')
  }

  /** Whether a pass was a failure on another machine before. */
  isFlaky(status: Status): boolean {
    if (status !== 'pass') return false
    return this.plan.past?.failed !== undefined || this.counted().some(({ record }) => record.flaky)
  }

  /** A log rule leaves a record only where it hits: one that hit before and is silent now has passed. */
  recordSilentRules(): void {
    const known = new Set(this.records.map(recordKey))
    for (const { record } of this.plan.past?.records ?? []) {
      if (record.suite !== 'logs' || !isBad(record) || known.has(recordKey(record))) continue
      this.record({ ...record, status: 'pass', errors: [] })
    }
  }

  /** Records everything that is planned and has no record as not judged. */
  recordUnjudged(): void {
    const known = new Set(this.records.map(recordKey))
    const reason = this.run.signal.aborted
      ? 'cancelled'
      : `the cell did not get that far: ${this.failures[0]?.error.message ?? 'no reason known'}`
    for (const planned of this.plan.checks) {
      const record = recordOf(planned, 'miss', reason)
      if (!known.has(recordKey(record))) this.record(record)
    }
  }

  /** Writes a record, with the waiver that covers it and with how it was judged before. */
  record(record: CheckRecord): void {
    const waived = applyWaivers(record, this.plan.cell.id, this.run.waivers)
    const before = this.plan.past?.records.find((past) => recordKey(past.record) === recordKey(record))
    this.foundBad ||= record.status === 'fail'
    const made = judgedAgain(waived, before)
    this.records.push(made)
    this.emit({ type: 'check-ended', record: made })
  }

  /** A cancellation by the cell's own deadline says so. */
  #explain(error: unknown, step: StepName): unknown {
    if (!(error instanceof CancelledError) || !this.timedOut) return error
    const limit = formatMs(this.plan.cell.timeouts.cellMs)
    return new WaitTimeoutError(`the cell was not done after ${limit}; it was at the step ${step}`, [], {
      cause: error,
    })
  }
}

/** Steps that happen after a cancellation too. */
const ALWAYS: ReadonlySet<StepName> = new Set(['checks', 'collect', 'scan-logs', 'destroy'])

/** The part of a cell that readers of results need. */
export function summaryOf(cell: Cell): CellSummary {
  const { id, platform, image, distribution, release, instanceType, boot, agent, suites, axes, tier } = cell
  return {
    id,
    platform,
    image,
    distribution,
    release,
    instanceType,
    boot,
    agent,
    suites,
    ...(axes ? { axes } : {}),
    ...(tier ? { tier } : {}),
  }
}
