import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'
import { type NotSelectedCell, notSelectedText } from '../results/not-selected.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { compareSubjects, countedChecks, isFlaky } from '../results/summary.ts'
import { cellReason, failureLines, judgedAt, waiverText } from './wording.ts'

/**
 * The run as JUnit XML: a suite per cell, a case per judgement of the image under test. A failed image is a `<failure>`;
 * what the harness, host or platform did is an `<error type="infra">`, so that a CI page does not blame the image for it.
 */
export function junitXml(run: RunModel): string {
  return [...junitParts(run)].join('')
}

/** The same in parts, for runs whose whole XML would fill the memory. */
export function* junitParts(run: RunModel): Generator<string> {
  const totals = sum([...run.cells.map((cell) => countsOf(kindsOf(cell))), ...run.notSelected.map(() => NOT_RUN)])
  yield '<?xml version="1.0" encoding="UTF-8"?>\n'
  yield `<testsuites name="harness" ${countAttributes(totals)} time="${seconds(run.durationMs)}" timestamp="${attribute(run.startedAt)}">\n`
  for (const cell of run.cells) yield `${suiteXml(cell)}\n`
  for (const entry of run.notSelected) yield `${notSelectedXml(entry)}\n`
  yield '</testsuites>\n'
}

interface Counts {
  tests: number
  failures: number
  errors: number
  skipped: number
}

function kindsOf(cell: CellModel): Kind[] {
  const kinds = countedChecks(cell).map(kindOf)
  const kind = cellKind(cell)
  return kind ? [kind, ...kinds] : kinds
}

function countsOf(kinds: readonly Kind[]): Counts {
  const count = (wanted: Kind) => kinds.reduce((total, kind) => total + +(kind === wanted), 0)
  return { tests: kinds.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') }
}

function suiteXml(cell: CellModel): string {
  const { summary } = cell
  const cases = countedChecks(cell).map((record) => caseXml(cell, record))
  const kind = cellKind(cell)
  if (kind) cases.unshift(cellXml(cell, kind))
  const counts = countsOf(kindsOf(cell))
  const properties = Object.entries(suiteProperties(cell)).map(
    ([name, value]) => `      <property name="${attribute(name)}" value="${attribute(value)}"/>`,
  )
  const output = [
    ...cell.logs.map((log) => `[[ATTACHMENT|${log.file}]]`),
    ...cell.warnings.map((warning) => `warning: ${warning}`),
  ]
  const lines = [
    `  <testsuite name="${attribute(summary.id)}" ${countAttributes(counts)} time="${seconds(cell.durationMs)}"${cell.startedAt ? ` timestamp="${attribute(cell.startedAt)}"` : ''}>`,
    '    <properties>',
    ...properties,
    '    </properties>',
    ...cases,
    ...(output.length > 0 ? [`    <system-out>${text(output.join('\n'))}</system-out>`] : []),
    '  </testsuite>',
  ]
  return lines.join('\n')
}

function suiteProperties(cell: CellModel): Record<string, string> {
  const { summary } = cell
  const diff = compareSubjects(cell)
  return {
    platform: summary.platform,
    image: summary.image,
    distribution: summary.distribution,
    release: summary.release,
    'instance-type': summary.instanceType,
    boot: summary.boot,
    ...summary.axes,
    agent: summary.agent.name,
    'agent-source': summary.agent.source,
    status: cell.status,
    boots: String(cell.boots),
    ...(summary.tier ? { tier: summary.tier } : {}),
    ...usageProperties(cell),
    ...(isFlaky(cell) ? { flaky: 'true' } : {}),
    ...(cell.attempt > 1 ? { attempts: String(cell.attempt) } : {}),
    ...(cell.upgrade ? { 'agent-from': cell.upgrade.from, 'agent-to': cell.upgrade.to } : {}),
    ...(diff
      ? { broke: diff.broke.map(({ id }) => id).join(' '), fixed: diff.fixed.map(({ id }) => id).join(' ') }
      : {}),
  }
}

function usageProperties({ usage }: CellModel): Record<string, string> {
  if (!usage) return {}
  const { machines, seconds, usd, basis } = usage
  const cost = usd === undefined ? {} : { 'cost-usd-estimate': String(usd), 'cost-basis': basis ?? '' }
  return { machines: String(machines), 'machine-seconds': String(seconds), ...cost }
}

/** A suite whose only case was skipped: a reader that only counts must not take a cell for tested. */
function notSelectedXml(entry: NotSelectedCell): string {
  const { id } = entry.cell
  return [
    `  <testsuite name="${attribute(id)}" ${countAttributes(NOT_RUN)} time="0.000">`,
    `    <testcase name="the cell is selected" classname="${attribute(id)}" time="0.000">`,
    `      <skipped message="${attribute(notSelectedText(entry))}"/>`,
    '    </testcase>',
    '  </testsuite>',
  ].join('\n')
}

const NOT_RUN: Counts = { tests: 1, failures: 0, errors: 0, skipped: 1 }

type Kind = 'passed' | 'failure' | 'error' | 'skipped'

/** A cell that ended without being judged, or could not even boot, is a case itself. */
function cellKind(cell: CellModel): Kind | undefined {
  const judged = cell.state === 'ended' && cell.error === undefined
  if (judged && (cell.status === 'pass' || countedChecks(cell).length > 0)) return undefined
  return cell.status === 'fail' ? 'failure' : 'error'
}

function cellXml(cell: CellModel, kind: Kind): string {
  const body = [cell.error?.evidence, cell.error?.hint ? `hint: ${cell.error.hint}` : ''].filter(Boolean).join('\n')
  const message = cellReason(cell) || cell.status
  const head = `    <testcase name="the cell can be judged" classname="${attribute(cell.summary.id)}" time="${seconds(cell.durationMs)}">`
  const inner =
    kind === 'failure'
      ? `      <failure type="${attribute(cell.error?.name ?? 'fail')}" message="${attribute(message)}">${text(body)}</failure>`
      : `      <error type="infra" message="${attribute(message)}">${text(body)}</error>`
  return [head, inner, '    </testcase>'].join('\n')
}

function caseXml(cell: CellModel, record: CheckRecord): string {
  const where = judgedAt(record)
  const properties = caseProperties(record)
  const lines = [
    `    <testcase name="${attribute(where ? `${record.id} (${where})` : record.id)}" classname="${attribute(`${cell.summary.id}.${record.suite}`)}" time="${seconds(record.durationMs)}">`,
    '      <properties>',
    ...properties.map(([name, value]) => `        <property name="${name}" value="${attribute(value)}"/>`),
    '      </properties>',
    ...outcome(record),
    ...(record.attachments?.length
      ? [
          `      <system-out>${text(record.attachments.map((path) => `[[ATTACHMENT|${path}]]`).join('\n'))}</system-out>`,
        ]
      : []),
    '    </testcase>',
  ]
  return lines.join('\n')
}

function caseProperties(record: CheckRecord): [string, string][] {
  const all: [string, string | undefined][] = [
    ['title', record.title],
    ['severity', record.severity],
    ['subject', record.subject],
    ['status', record.status],
    ['flaky', record.flaky ? 'true' : undefined],
    ['waived', record.waived && waiverText(record)],
    ...(record.earlier ?? []).map(({ attempt, status, errors, reason }): [string, string] => [
      `attempt:${attempt}`,
      `${status}: ${errors[0]?.message ?? reason ?? ''}`,
    ]),
    ['because', record.about?.because],
    ['source', record.about?.source],
    ...(record.measurements ?? []).map(({ name, value, unit }): [string, string] => [
      `measurement:${attribute(name)}`,
      `${value} ${unit}`,
    ]),
  ]
  return all.filter((entry): entry is [string, string] => entry[1] !== undefined)
}

function kindOf(record: CheckRecord): Kind {
  const { status } = record
  if (status === 'pass' || status === 'done') return 'passed'
  if (status === 'skip' || (record.waived && status !== 'miss')) return 'skipped'
  return status === 'fail' ? 'failure' : 'error'
}

function outcome(record: CheckRecord): string[] {
  const kind = kindOf(record)
  if (kind === 'passed') return []
  if (record.status === 'skip') return [`      <skipped message="${attribute(record.reason ?? '')}"/>`]
  const message = record.errors[0]?.message ?? record.reason ?? record.status
  if (kind === 'skipped') {
    const { reason = '', tracker = '', until = '' } = record.waived ?? {}
    return [`      <skipped message="${attribute(`waived until ${until}: ${reason} (${tracker}); ${message}`)}"/>`]
  }
  const body = text(
    record.errors.flatMap((error) => [...failureLines(error, 60), ...(error.at ? [`at ${error.at}`] : [])]).join('\n'),
  )
  if (kind === 'failure')
    return [`      <failure type="${record.severity}" message="${attribute(message)}">${body}</failure>`]
  const type = record.status === 'miss' ? 'infra' : 'check'
  return [`      <error type="${type}" message="${attribute(message)}">${body}</error>`]
}

function countAttributes(counts: Counts): string {
  return `tests="${counts.tests}" failures="${counts.failures}" errors="${counts.errors}" skipped="${counts.skipped}"`
}

function sum(all: readonly Counts[]): Counts {
  const add = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0)
  return { tests: add('tests'), failures: add('failures'), errors: add('errors'), skipped: add('skipped') }
}

function seconds(ms: number): string {
  return (Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3)
}

/** Nearly all text is ours and needs no care. */
const PLAIN = /^[ !#-%'-;=?-~]*$/

/** Text of an element. XML 1.0 has no way to write most control characters or lone surrogates, so they are dropped. */
function text(value: string): string {
  if (PLAIN.test(value)) return value
  return cleanText(value)
    .toWellFormed()
    .replaceAll(/[\uFFFE\uFFFF]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function attribute(value: string): string {
  if (value.length <= 4000 && PLAIN.test(value)) return value
  return text(value.slice(0, 4000)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')
}
