import { cleanText } from '../../core/text.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { type NotSelectedCell, notSelectedText } from '../../results/not-selected.ts'
import type { CellModel, RunModel, StepModel } from '../../results/run-model.ts'
import { countedChecks, isFlaky } from '../../results/summary.ts'
import type { Status } from '../../results/status.ts'
import { cellReason, explainCommand, failureLines, flakyReason, judgedAt } from '../wording.ts'
import { md5, uuidOf } from './identifier.ts'

type AllureStatus = 'passed' | 'failed' | 'broken' | 'skipped' | 'unknown'

interface AllureStep {
  name: string
  status: AllureStatus
  stage: 'finished'
  start: number
  stop: number
  statusDetails?: { message: string }
}

/** A file beside the results. */
export interface Attachment {
  name: string
  source: string
  type: string
}

/** A file `<uuid>-result.json`. */
export interface AllureResult {
  uuid: string
  historyId: string
  testCaseId: string
  fullName: string
  name: string
  description: string
  status: AllureStatus
  statusDetails: { message?: string; trace?: string; flaky?: boolean; known?: boolean }
  stage: 'finished'
  start: number
  stop: number
  labels: { name: string; value: string }[]
  links: { name: string; url: string; type: string }[]
  parameters: { name: string; value: string; excluded?: boolean }[]
  steps: AllureStep[]
  attachments: Attachment[]
}

const STATUS: Readonly<Record<Status, AllureStatus>> = {
  pass: 'passed',
  done: 'passed',
  fail: 'failed',
  error: 'broken',
  miss: 'broken',
  skip: 'skipped',
}

/** The tests of a cell: the cell itself, then every judgement that counts. */
export function resultsOf(run: RunModel, cell: CellModel): AllureResult[] {
  return [cellResult(run, cell), ...clockedChecks(run, cell)]
}

/** A cell that was not selected, as a skipped test. */
export function notSelectedResult(run: RunModel, entry: NotSelectedCell): AllureResult {
  const start = Number.isFinite(Date.parse(run.startedAt)) ? Date.parse(run.startedAt) : 0
  const cell = { summary: entry.cell }
  return {
    ...identity(run, cell, 'cell', 'cell'),
    name: 'the cell can be judged',
    description: 'A rule of this run left the cell out on purpose.',
    status: 'skipped',
    statusDetails: { message: cleanText(notSelectedText(entry)) },
    start,
    stop: start,
    labels: [...labels(cell), { name: 'suite', value: 'cell' }],
    links: [],
    steps: [],
    attachments: [],
  }
}

/** The cell itself as a test whose steps are those of the cell. */
function cellResult(run: RunModel, cell: CellModel): AllureResult {
  const start = startOf(run, cell)
  const steps = cell.steps.map((step) => stepOf(step, start, cell.durationMs))
  const ran =
    cell.steps.every((step) => step.outcome === 'ok' || step.outcome === 'skipped') &&
    cell.state === 'ended' &&
    !cell.error
  const status = ran ? 'passed' : cell.status === 'fail' ? 'failed' : 'broken'
  const reason = cellReason(cell)
  // Flaky checks tell of themselves.
  const flaky = isFlaky(cell) && !countedChecks(cell).some((record) => record.flaky)
  const message = status === 'broken' ? `not judged: ${reason}` : reason
  return {
    ...identity(run, cell, 'cell', 'cell'),
    name: 'the cell can be judged',
    description: 'Launches the image, upgrades the agent, reboots, collects the logs and destroys the machine.',
    status,
    statusDetails: {
      ...(ran ? {} : { message, trace: cleanText(cell.error?.evidence ?? '') }),
      ...(flaky ? { flaky } : {}),
      ...(ran && flaky ? { message: cleanText(flakyReason(cell)) } : {}),
    },
    start,
    stop: start + cell.durationMs,
    labels: [...labels(cell), { name: 'suite', value: 'cell' }, { name: 'severity', value: 'blocker' }],
    links: [],
    steps,
    attachments: [],
  }
}

/** Checks get a clock of their own: they follow each other from the begin of the step that made them, so the timeline has no overlaps. */
function clockedChecks(run: RunModel, cell: CellModel): AllureResult[] {
  const step = (name: string) => cell.steps.find((candidate) => candidate.step === name)?.startMs ?? 0
  const clocks: Record<string, number> = { checks: step('checks'), 'scan-logs': step('scan-logs') }
  return countedChecks(cell).map((record) => {
    const lane = record.suite === 'logs' ? 'scan-logs' : 'checks'
    const start = startOf(run, cell) + (clocks[lane] ?? 0)
    clocks[lane] = (clocks[lane] ?? 0) + record.durationMs
    return checkResult(run, cell, record, start)
  })
}

function checkResult(run: RunModel, cell: CellModel, record: CheckRecord, start: number): AllureResult {
  const where = judgedAt(record)
  const waived = record.waived && (record.status === 'fail' || record.status === 'error') ? record.waived : undefined
  const first = record.errors[0]?.message ?? record.reason ?? ''
  const prefix = waived
    ? `waived until ${waived.until}: ${waived.reason} (${waived.tracker}); `
    : record.status === 'miss'
      ? 'not judged: '
      : record.flaky
        ? `flaky: ${flakyReason(cell, record)}`
        : ''
  const trace = record.errors
    .flatMap((error) => [...failureLines(error, 60), error.at ? `at ${error.at}` : ''])
    .filter(Boolean)
  const source = record.about?.source ?? ''
  return {
    ...identity(run, cell, record.suite, where ? `${record.id} (${where})` : record.id),
    name: record.title,
    description: [record.about?.because, record.about?.fix && `Fix: ${record.about.fix}`, explainCommand(record)]
      .filter(Boolean)
      .join('\n\n'),
    status: waived ? 'skipped' : STATUS[record.status],
    statusDetails: {
      ...(first || prefix ? { message: cleanText(`${prefix}${first}`) } : {}),
      ...(trace.length > 0 ? { trace: trace.join('\n') } : {}),
      ...(record.flaky ? { flaky: true } : {}),
      ...(waived ? { known: true } : {}),
    },
    start,
    stop: start + record.durationMs,
    labels: [
      ...labels(cell),
      { name: 'suite', value: record.suite },
      ...(record.phase ? [{ name: 'subSuite', value: record.phase }] : []),
      { name: 'severity', value: record.severity === 'major' ? 'critical' : record.severity },
      { name: 'feature', value: record.suite },
      { name: 'story', value: record.id },
      { name: 'tag', value: record.id },
    ],
    links: [
      ...(/^https:\/\/[^\s<>"]+$/.test(source) ? [{ name: 'source', url: source, type: 'link' }] : []),
      ...(waived && /^https:\/\/[^\s<>"]+$/.test(waived.tracker)
        ? [{ name: 'waiver', url: waived.tracker, type: 'issue' }]
        : []),
    ],
    steps: [],
    attachments: [],
  }
}

function identity(run: RunModel, cell: Pick<CellModel, 'summary' | 'upgrade'>, suite: string, name: string) {
  const { summary } = cell
  const fullName = `${suite}: ${name}`
  const parameters = [
    { name: 'cell', value: summary.id },
    { name: 'platform', value: summary.platform },
    { name: 'image', value: summary.image },
    { name: 'agent', value: cleanText(`${summary.agent.name}, ${summary.agent.source}`) },
    ...(cell.upgrade ? [{ name: 'agent version', value: cleanText(cell.upgrade.to), excluded: true }] : []),
  ]
  const telling = parameters.filter((parameter) => !parameter.excluded).map(({ name: key, value }) => `${key}=${value}`)
  return {
    uuid: uuidOf(run.runId, summary.id, fullName),
    testCaseId: md5(fullName),
    historyId: md5([fullName, ...telling.sort()].join('\n')),
    fullName,
    parameters,
    stage: 'finished' as const,
  }
}

function labels(cell: Pick<CellModel, 'summary' | 'usage'>): { name: string; value: string }[] {
  const { summary, usage } = cell
  return [
    { name: 'parentSuite', value: summary.id },
    { name: 'epic', value: `${summary.distribution} ${summary.release}`.trim() },
    { name: 'host', value: summary.platform },
    { name: 'thread', value: summary.id },
    { name: 'framework', value: 'harness' },
    ...(summary.tier ? [{ name: 'tier', value: summary.tier }] : []),
    ...(usage?.usd === undefined ? [] : [{ name: 'cost_usd_estimate', value: String(usage.usd) }]),
  ]
}

function stepOf(step: StepModel, cellStart: number, cellMs: number): AllureStep {
  const start = cellStart + step.startMs
  const status: AllureStatus =
    step.outcome === 'ok'
      ? 'passed'
      : step.outcome === 'skipped'
        ? 'skipped'
        : step.outcome === 'failed'
          ? 'failed'
          : 'broken'
  const message = step.error?.message ?? step.reason
  return {
    name: step.detail ? `${step.step}: ${cleanText(step.detail)}` : step.step,
    status,
    stage: 'finished',
    start,
    stop: start + (step.durationMs ?? Math.max(0, cellMs - step.startMs)),
    ...(message === undefined ? {} : { statusDetails: { message: cleanText(message) } }),
  }
}

/** When the cell began, in milliseconds of Unix time. */
export function startOf(run: RunModel, cell: CellModel): number {
  const ms = Date.parse(cell.startedAt ?? run.startedAt)
  return Number.isFinite(ms) ? ms : 0
}
