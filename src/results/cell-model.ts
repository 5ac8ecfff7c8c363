import type { ErrorRecord } from '../core/errors.ts'
import type { CheckRecord } from './check-record.ts'
import { compactRecord } from './compact-record.ts'
import type { CellSummary, EventOf, RunEvent, StepName } from './event.ts'
import type { FoundImage } from './found-image.ts'
import type { Status } from './status.ts'
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
  /** Absent until it is found. */
  image?: FoundImage
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

type CellEvent = Exclude<RunEvent, EventOf<'run-started' | 'run-resumed' | 'run-ended'>>

/** Takes one event into the model of its cell, in place. */
export function applyToCell(cell: CellModel, event: CellEvent): void {
  // Leaks of an earlier attempt are told when its machines are gone, which may be late.
  if (event.type !== 'cell-started' && event.type !== 'leaked' && event.attempt < cell.attempt) return
  if (cell.startedAt !== undefined && cell.state !== 'ended') cell.durationMs = sinceMs(cell.startedAt, event.at)
  switch (event.type) {
    case 'cell-started':
      return startAttempt(cell, event)
    case 'image-found':
      cell.image = event.image
      return
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

/** A cell of which nothing is known yet. */
export function emptyCell(summary: CellSummary): CellModel {
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

/** What the id of a cell tells, for one that no run announced. */
export function unknownSummary(id: string): CellSummary {
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

/** Milliseconds between two times as events tell them; 0 when one is not a time. */
export function sinceMs(from: string | undefined, to: string): number {
  const ms = from === undefined ? 0 : parseTime('to', to) - parseTime('from', from)
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
