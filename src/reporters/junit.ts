import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { compareSubjects, countedChecks, isFlaky } from '../results/summary.ts'
import { cellReason, failureLines, judgedAt, waiverText } from './wording.ts'

/**
 * The run as JUnit XML: a suite per cell, a case per judgement of the image under test. A failed image is a `<failure>`;
 * what the harness, host or platform did is an `<error type="infra">`, so that a CI page does not blame the image for it.
 */
export function junitXml(run: RunModel): string {
  const suites = run.cells.map((cell) => suiteXml(cell))
  const totals = sum(suites.map((suite) => suite.counts))
  const head = `<testsuites name="harness" ${countAttributes(totals)} time="${seconds(run.durationMs)}" timestamp="${attribute(run.startedAt)}">`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    head,
    ...suites.map((suite) => suite.xml),
    '</testsuites>',
    '',
  ].join('\n')
}

interface Counts {
  tests: number
  failures: number
  errors: number
  skipped: number
}

function suiteXml(cell: CellModel): { xml: string; counts: Counts } {
  const { summary } = cell
  const cases = countedChecks(cell).map((record) => caseXml(cell, record))
  const cellCase = cellXml(cell)
  if (cellCase) cases.unshift(cellCase)
  const counts = sum(
    cases.map(({ kind }) => ({
      tests: 1,
      failures: +(kind === 'failure'),
      errors: +(kind === 'error'),
      skipped: +(kind === 'skipped'),
    })),
  )
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
    ...cases.map(({ xml }) => xml),
    ...(output.length > 0 ? [`    <system-out>${text(output.join('\n'))}</system-out>`] : []),
    '  </testsuite>',
  ]
  return { xml: lines.join('\n'), counts }
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
    agent: summary.agent.name,
    'agent-source': summary.agent.source,
    status: cell.status,
    boots: String(cell.boots),
    ...(isFlaky(cell) ? { flaky: 'true' } : {}),
    ...(cell.attempt > 1 ? { attempts: String(cell.attempt) } : {}),
    ...(cell.upgrade ? { 'agent-from': cell.upgrade.from, 'agent-to': cell.upgrade.to } : {}),
    ...(diff
      ? { broke: diff.broke.map(({ id }) => id).join(' '), fixed: diff.fixed.map(({ id }) => id).join(' ') }
      : {}),
  }
}

interface Case {
  xml: string
  kind: 'passed' | 'failure' | 'error' | 'skipped'
}

/** A case for the cell itself when it ended without being judged, or could not even boot. */
function cellXml(cell: CellModel): Case | undefined {
  const judged = cell.state === 'ended' && cell.error === undefined
  if (judged && (cell.status === 'pass' || countedChecks(cell).length > 0)) return undefined
  const failed = cell.status === 'fail'
  const body = [cell.error?.evidence, cell.error?.hint ? `hint: ${cell.error.hint}` : ''].filter(Boolean).join('\n')
  const message = cellReason(cell) || cell.status
  const head = `    <testcase name="the cell can be judged" classname="${attribute(cell.summary.id)}" time="${seconds(cell.durationMs)}">`
  const inner = failed
    ? `      <failure type="${attribute(cell.error?.name ?? 'fail')}" message="${attribute(message)}">${text(body)}</failure>`
    : `      <error type="infra" message="${attribute(message)}">${text(body)}</error>`
  return { xml: [head, inner, '    </testcase>'].join('\n'), kind: failed ? 'failure' : 'error' }
}

function caseXml(cell: CellModel, record: CheckRecord): Case {
  const where = judgedAt(record)
  const { kind, inner } = outcome(record)
  const properties = caseProperties(record)
  const lines = [
    `    <testcase name="${attribute(where ? `${record.id} (${where})` : record.id)}" classname="${attribute(`${cell.summary.id}.${record.suite}`)}" time="${seconds(record.durationMs)}">`,
    '      <properties>',
    ...properties.map(([name, value]) => `        <property name="${name}" value="${attribute(value)}"/>`),
    '      </properties>',
    ...inner,
    ...(record.attachments?.length
      ? [
          `      <system-out>${text(record.attachments.map((path) => `[[ATTACHMENT|${path}]]`).join('\n'))}</system-out>`,
        ]
      : []),
    '    </testcase>',
  ]
  return { xml: lines.join('\n'), kind }
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

function outcome(record: CheckRecord): { kind: Case['kind']; inner: string[] } {
  const message = record.errors[0]?.message ?? record.reason ?? record.status
  const body = text(
    record.errors.flatMap((error) => [...failureLines(error, 60), ...(error.at ? [`at ${error.at}`] : [])]).join('\n'),
  )
  if (record.waived && (record.status === 'fail' || record.status === 'error')) {
    const { reason, tracker, until } = record.waived
    return {
      kind: 'skipped',
      inner: [`      <skipped message="${attribute(`waived until ${until}: ${reason} (${tracker}); ${message}`)}"/>`],
    }
  }
  switch (record.status) {
    case 'pass':
    case 'done':
      return { kind: 'passed', inner: [] }
    case 'skip':
      return { kind: 'skipped', inner: [`      <skipped message="${attribute(record.reason ?? '')}"/>`] }
    case 'fail':
      return {
        kind: 'failure',
        inner: [`      <failure type="${record.severity}" message="${attribute(message)}">${body}</failure>`],
      }
    case 'error':
      return { kind: 'error', inner: [`      <error type="check" message="${attribute(message)}">${body}</error>`] }
    case 'miss':
      return { kind: 'error', inner: [`      <error type="infra" message="${attribute(message)}">${body}</error>`] }
  }
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

/** Text of an element. XML 1.0 has no way to write most control characters or lone surrogates, so they are dropped. */
function text(value: string): string {
  return cleanText(value)
    .toWellFormed()
    .replaceAll(/[\uFFFE\uFFFF]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function attribute(value: string): string {
  return text(value.slice(0, 4000)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')
}
