import type { ErrorRecord } from '../core/errors.ts'
import type { CheckRecord } from './check-record.ts'
import { compactRecord } from './compact-record.ts'
import type { CellSummary, EventOf, Gate, RunEvent, ShardOf, StepName } from './event.ts'
import type { NotSelectedCell } from './not-selected.ts'
import { worstStatus, type Status } from './status.ts'
import { addUsage, type Usage } from './usage.ts'

/** A step of a cell as a report shows it. Times are milliseconds after the cell started. */
export interface StepModel {
  step: StepName
  startMs: number
  /** Undefined while it runs, and for ever when the run was interrupted. */
  durationMs: number | undefined
  outcome: 'running' | 'ok' | 'failed' | 'skipped'
  detail?: string
  reason?: string
  error?: ErrorRecord
}

/** One cell: everything the events say about its last attempt, and how the earlier ones ended. */
export interface CellModel {
  summary: CellSummary
  state: 'waiting' | 'running' | 'ended'
  attempt: number
  earlier: { attempt: number; status: Status; reason?: string }[]
  startedAt: string | undefined
  durationMs: number
  boots: number
  /** Of all attempts together; absent while nothing is known. */
  usage?: Usage
  /** `miss` until the cell has ended. */
  status: Status
  reason?: string
  error?: ErrorRecord
  /** It passed, and an earlier attempt had failed. */
  flaky: boolean
  steps: StepModel[]
  /** All records, those of the A/B baseline too. */
  checks: CheckRecord[]
  running: { id: string; subject: CheckRecord['subject'] }[]
  logs: { file: string; title: string; bytes: number; truncated: boolean; redactions: number }[]
  facts: { file: string; phase: string; subject: CheckRecord['subject'] }[]
  measured: { subject: CheckRecord['subject']; values: Record<string, number> }[]
  upgrade?: { from: string; to: string; source: string }
  warnings: string[]
  leaks: { resource: string; error: ErrorRecord }[]
}

/** A run as reports show it. Made from events alone. */
export interface RunModel {
  runId: string
  harness: string
  argv: string[]
  host: Record<string, string>
  startedAt: string
  lastEventAt: string
  /** False when the events stop before the run ended. */
  ended: boolean
  status: Status
  exitCode: number | undefined
  durationMs: number
  cells: CellModel[]
  excluded: { id: string; reason: string }[]
  notSelected: NotSelectedCell[]
  /** How often another process had to go on with it, and the time until the last of them began. */
  resumed: { times: number; at: string; beforeMs: number } | undefined
  plan?: string
  shard?: Pick<ShardOf, 'index' | 'count'>
  gate?: Gate
}

/** The model of all events. Unknown cells are added as they appear, so a damaged file still gives a report. */
export function foldEvents(events: Iterable<RunEvent>): RunModel {
  const run = emptyRun()
  for (const event of events) applyEvent(run, event)
  return run
}

/** A run of which nothing is known yet. */
export function emptyRun(): RunModel {
  return {
    runId: '',
    harness: '',
    argv: [],
    host: {},
    startedAt: '',
    lastEventAt: '',
    ended: false,
    status: 'miss',
    exitCode: undefined,
    durationMs: 0,
    cells: [],
    excluded: [],
    notSelected: [],
    resumed: undefined,
  }
}

/** Takes one event into the model, in place: a live display folds as the events come. */
export function applyEvent(run: RunModel, event: RunEvent): void {
  run.lastEventAt = event.at
  if (event.type === 'run-started') {
    const { runId, harness, argv, host, excluded, plan, shard, gate } = event
    Object.assign(run, {
      runId,
      harness,
      argv,
      host,
      excluded: excluded ?? [],
      notSelected: event.notSelected ?? [],
      startedAt: event.at,
      cells: event.cells.map(emptyCell),
      ...(plan === undefined ? {} : { plan }),
      ...(shard ? { shard: { index: shard.index, count: shard.count } } : {}),
      ...(gate ? { gate } : {}),
    })
    return
  }
  if (event.type === 'run-resumed') return resume(run, event)
  run.durationMs = (run.resumed?.beforeMs ?? 0) + sinceMs(run.resumed?.at ?? run.startedAt, event.at)
  if (event.type === 'run-ended') {
    Object.assign(run, { ended: true, status: event.status, exitCode: event.exitCode, durationMs: event.durationMs })
    return
  }
  applyToCell(cellOf(run, event.cell), event)
  const changed = event.type === 'cell-started' || event.type === 'cell-ended'
  if (!run.ended && changed) run.status = worstStatus(run.cells.map((known) => known.status))
}

const cellsById = new WeakMap<readonly CellModel[], Map<string, CellModel>>()

/** There are as many events as thousands of cells have checks: none of them may search through all cells. */
function cellOf(run: RunModel, id: string): CellModel {
  let known = cellsById.get(run.cells)
  if (known?.size !== run.cells.length)
    cellsById.set(run.cells, (known = new Map(run.cells.map((cell) => [cell.summary.id, cell]))))
  let cell = known.get(id)
  if (!cell) {
    cell = emptyCell(unknownSummary(id))
    run.cells.push(cell)
    known.set(id, cell)
  }
  return cell
}

/** What the former process had begun and not ended goes on from here; the time in between was nobody's. */
function resume(run: RunModel, event: EventOf<'run-resumed'>): void {
  run.resumed = { times: (run.resumed?.times ?? 0) + 1, at: event.at, beforeMs: run.durationMs }
  run.ended = false
  run.exitCode = undefined
  run.status = worstStatus(run.cells.map((known) => known.status))
}

type CellEvent = Exclude<RunEvent, EventOf<'run-started' | 'run-resumed' | 'run-ended'>>

function applyToCell(cell: CellModel, event: CellEvent): void {
  // Leaks of an earlier attempt are told when its machines are gone, which may be late.
  if (event.type !== 'cell-started' && event.type !== 'leaked' && event.attempt < cell.attempt) return
  if (cell.startedAt !== undefined && cell.state !== 'ended') cell.durationMs = sinceMs(cell.startedAt, event.at)
  switch (event.type) {
    case 'cell-started':
      return startAttempt(cell, event)
    case 'step-started':
      cell.steps.push({
        step: event.step,
        startMs: sinceMs(cell.startedAt, event.at),
        durationMs: undefined,
        outcome: 'running',
        ...(event.detail === undefined ? {} : { detail: event.detail }),
      })
      return
    case 'step-progress': {
      const step = cell.steps.findLast(({ step: name, outcome }) => name === event.step && outcome === 'running')
      if (step) step.detail = event.line
      return
    }
    case 'step-ended':
      return endStep(cell, event)
    case 'check-started':
      cell.running.push({ id: event.id, subject: event.subject })
      return
    case 'check-ended':
      return endCheck(cell, event.record)
    case 'log-collected':
      cell.logs = cell.logs.filter((log) => log.file !== event.file)
      cell.logs.push({
        file: event.file,
        title: event.title,
        bytes: event.bytes,
        truncated: event.truncated,
        redactions: event.redactions ?? 0,
      })
      return
    case 'facts-collected':
      cell.facts = cell.facts.filter((facts) => facts.file !== event.file)
      cell.facts.push({ file: event.file, phase: event.phase, subject: event.subject })
      return
    case 'measured':
      cell.measured.push({ subject: event.subject, values: event.values })
      return
    case 'agent-upgraded':
      cell.upgrade = { from: event.from, to: event.to, source: event.source }
      return
    case 'warning':
      cell.warnings.push(event.message)
      return
    case 'leaked':
      cell.leaks.push({ resource: event.resource, error: event.error })
      return
    case 'cell-ended':
      return endCell(cell, event)
  }
}

function startAttempt(cell: CellModel, event: EventOf<'cell-started'>): void {
  const earlier = [...cell.earlier]
  if (cell.state !== 'waiting') {
    const reason = cell.state === 'running' ? 'the run was interrupted while this cell ran' : cell.reason
    earlier.push({ attempt: cell.attempt, status: cell.status, ...(reason === undefined ? {} : { reason }) })
  }
  const { leaks, warnings, usage } = cell
  const kept = event.keeps ? { checks: cell.checks, logs: cell.logs, facts: cell.facts } : {}
  delete cell.reason
  delete cell.error
  delete cell.upgrade
  Object.assign(cell, emptyCell(cell.summary), {
    ...kept,
    earlier,
    leaks,
    warnings,
    ...(usage ? { usage } : {}),
    state: 'running',
    attempt: event.attempt,
    startedAt: event.at,
  })
}

function endStep(cell: CellModel, event: EventOf<'step-ended'>): void {
  let step = cell.steps.findLast((candidate) => candidate.step === event.step && candidate.outcome === 'running')
  if (!step) {
    const startMs = Math.max(0, sinceMs(cell.startedAt, event.at) - event.durationMs)
    cell.steps.push((step = { step: event.step, startMs, durationMs: undefined, outcome: 'running' }))
  }
  step.durationMs = event.durationMs
  step.outcome = event.outcome
  if (event.reason !== undefined) step.reason = event.reason
  if (event.error !== undefined) step.error = event.error
}

/** Where the record of a judgement is, while its cell is still judged. */
const placesOfRecords = new WeakMap<readonly CheckRecord[], Map<string, number>>()

function endCheck(cell: CellModel, record: CheckRecord): void {
  cell.running = cell.running.filter(({ id, subject }) => id !== record.id || subject !== record.subject)
  let places = placesOfRecords.get(cell.checks)
  if (places?.size !== cell.checks.length)
    placesOfRecords.set(cell.checks, (places = new Map(cell.checks.map((known, at) => [recordKey(known), at]))))
  const key = recordKey(record)
  const index = places.get(key)
  if (index === undefined) {
    places.set(key, cell.checks.push(compactRecord(record)) - 1)
    return
  }
  const before = cell.checks[index]
  const nowPasses = record.status === 'pass' && (before?.status === 'fail' || before?.status === 'error')
  cell.checks[index] = nowPasses ? { ...record, flaky: true } : record
}

function endCell(cell: CellModel, event: EventOf<'cell-ended'>): void {
  cell.state = 'ended'
  cell.running = []
  placesOfRecords.delete(cell.checks)
  cell.status = event.status
  cell.durationMs = event.durationMs
  cell.boots = event.boots
  const usage = addUsage(cell.usage, event.usage)
  if (usage) cell.usage = usage
  cell.flaky = event.flaky ?? false
  if (event.reason !== undefined) cell.reason = event.reason
  if (event.error !== undefined) cell.error = event.error
}

/** What makes two records the same judgement: suite, check, phase, subject and whether it is the baseline. */
export function recordKey(record: CheckRecord): string {
  return [record.suite, record.id, record.phase ?? '', record.subject, record.baseline ? 'baseline' : ''].join('/')
}

function emptyCell(summary: CellSummary): CellModel {
  return {
    summary,
    state: 'waiting',
    attempt: 0,
    earlier: [],
    startedAt: undefined,
    durationMs: 0,
    boots: 0,
    status: 'miss',
    flaky: false,
    steps: [],
    checks: [],
    running: [],
    logs: [],
    facts: [],
    measured: [],
    warnings: [],
    leaks: [],
  }
}

function unknownSummary(id: string): CellSummary {
  const [platform = '', image = '', instanceType = '', boot = ''] = id.split('/')
  return {
    id,
    platform,
    image,
    distribution: '',
    release: '',
    instanceType,
    boot,
    agent: { name: '', source: '' },
    suites: [],
  }
}

/** Times come in runs: those of a cell count from the same start, and events of one moment follow each other. */
const parsed = { from: { text: '', ms: 0 }, to: { text: '', ms: 0 } }

function parseTime(which: keyof typeof parsed, text: string): number {
  const known = parsed[which]
  if (known.text !== text) Object.assign(known, { text, ms: Date.parse(text) })
  return known.ms
}

function sinceMs(from: string | undefined, to: string): number {
  const ms = from === undefined ? 0 : parseTime('to', to) - parseTime('from', from)
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
