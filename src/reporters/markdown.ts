import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import {
  compareSubjects,
  countChecks,
  countedChecks,
  flakyCells,
  isProblem,
  leaksOf,
  waivedChecks,
} from '../results/summary.ts'
import { problemsOf, type Problem } from './problems.ts'
import { costText, hasCost, runCostText } from './cost.ts'
import { STATUS_STYLE } from './status-style.ts'
import {
  cellReason,
  countsText,
  explainCommand,
  failureLines,
  flakyReason,
  oneLine,
  rerunCommand,
  timeText,
  shownStatus,
  verdictText,
  waiverText,
} from './wording.ts'

export interface MarkdownOptions {
  /** Where the HTML report can be read, if it is published. */
  reportUrl?: string
  /** GitHub refuses comments over 65,536 characters. Default 60,000. */
  maxChars?: number
}

/** The run as a comment for a pull request: the verdict, a table of cells, then details to unfold, worst first. */
export function markdownSummary(run: RunModel, options: MarkdownOptions = {}): string {
  const max = options.maxChars ?? 60_000
  const style = STATUS_STYLE[shownStatus(run)]
  const priced = hasCost(run)
  const cost = runCostText(run)
  const head = [
    `## ${style.emoji} ${escape(verdictText(run))}`,
    '',
    `Run \`${code(run.runId)}\`, harness ${escape(run.harness)}, ${timeText(run.durationMs)}${cost && `, ${escape(cost)}`}.${options.reportUrl ? ` [Full report](<${encodeURI(options.reportUrl)}>)` : ''}`,
    '',
    `| | cell | agent | time |${priced ? ' cost (estimate) |' : ''} checks |`,
    `|---|---|---|---|---|${priced ? '---|' : ''}`,
    ...run.cells.map((cell) => cellRow(cell, priced)),
  ]
  const sections = [...run.cells].filter(needsWords).map((cell) => cellSection(run, cell))
  sections.push(
    ...flakySection(run),
    ...waiverSection(run),
    ...upgradeSection(run),
    ...leakSection(run),
    ...notSelectedSection(run),
    ...excludedSection(run),
  )
  let text = `${head.join('\n').slice(0, max)}\n`
  let leftOut = 0
  for (const section of sections) {
    if (text.length + section.length > max - 200) leftOut++
    else text += `\n${section}\n`
  }
  return leftOut > 0 ? `${text}\n_${leftOut} more sections are in the full report._\n` : text
}

function cellRow(cell: CellModel, priced: boolean): string {
  const { emoji, word } = STATUS_STYLE[cell.status]
  const checks = countChecks(countedChecks(cell))
  const agent = cell.upgrade
    ? `${cell.upgrade.from} → ${cell.upgrade.to}`
    : cell.summary.agent.source === 'none'
      ? 'as in the image'
      : cell.summary.agent.source
  const what = checks.total > 0 ? countsText(checks) : cellReason(cell)
  return `| ${emoji} ${word} | \`${code(cell.summary.id)}\` | ${escape(oneLine(agent, 60))} | ${timeText(cell.durationMs)} |${priced ? ` ${escape(costText(cell.usage) || '–')} |` : ''} ${escape(oneLine(what, 160))} |`
}

function needsWords(cell: CellModel): boolean {
  return cell.status !== 'pass' || countedChecks(cell).some(isProblem)
}

function cellSection(run: RunModel, cell: CellModel): string {
  const problems = problemsOf(cell)
  const shown = problems.slice(0, 12)
  const lines = [
    `<details><summary>${STATUS_STYLE[cell.status].emoji} <b>${html(cell.summary.id)}</b>: ${html(sectionTitle(cell, problems))}</summary>`,
    '',
  ]
  if (cell.error)
    lines.push(
      `${escape(cellReason(cell))}`,
      '',
      ...fence(tail(cell.error.evidence)),
      ...(cell.error.hint ? [`→ ${escape(oneLine(cell.error.hint, 400))}`, ''] : []),
    )
  else if (cell.state !== 'ended') lines.push(escape(cellReason(cell)), '')
  for (const record of shown) lines.push(...problemLines(record))
  if (problems.length > shown.length) lines.push(`… and ${problems.length - shown.length} more.`, '')
  lines.push(`Again: \`${code(rerunCommand(run, cell))}\``, '', '</details>')
  return lines.join('\n')
}

function sectionTitle(cell: CellModel, problems: readonly Problem[]): string {
  return cell.error || problems.length === 0
    ? cellReason(cell) || STATUS_STYLE[cell.status].word
    : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
}

function problemLines({ record, where }: Problem): string[] {
  const { emoji } = STATUS_STYLE[record.status]
  return [
    `${emoji} **\`${code(record.id)}\`** (${[record.suite, record.severity, where].filter(Boolean).join(', ')}): expected that ${escape(oneLine(record.title, 300))}`,
    '',
    ...fence(
      record.errors
        .slice(0, 2)
        .flatMap((error) => failureLines(error, 8))
        .concat(record.errors.length === 0 && record.reason ? [record.reason] : []),
    ),
    ...(record.about?.fix ? [`→ ${escape(oneLine(record.about.fix, 400))}`, ''] : []),
    ...(record.about
      ? [`_${escape(oneLine(record.about.because, 300))}_ (\`${code(explainCommand(record))}\`)`, '']
      : []),
  ]
}

function flakySection(run: RunModel): string[] {
  const lines = flakyCells(run).flatMap(({ cell, checks }) => {
    const id = `\`${code(cell.summary.id)}\``
    if (checks.length === 0) return [`- ${id}: ${escape(flakyReason(cell))}`]
    return checks.map((record) => `- ${id} \`${code(record.id)}\`: ${escape(flakyReason(cell, record))}`)
  })
  if (lines.length === 0) return []
  return [['### Flaky: failed, and passed when judged again on a fresh machine', '', ...lines.slice(0, 50)].join('\n')]
}

function waiverSection(run: RunModel): string[] {
  const lines = run.cells.flatMap((cell) => {
    const byCheck = Map.groupBy(waivedChecks(cell), ({ id, status }) => `${id} ${status}`)
    return [...byCheck.values()].flatMap(([record]) =>
      record ? [`- \`${code(cell.summary.id)}\` \`${code(record.id)}\`: ${escape(waiverText(record))}`] : [],
    )
  })
  return lines.length === 0 ? [] : [['### Waivers', '', ...lines.slice(0, 50)].join('\n')]
}

function upgradeSection(run: RunModel): string[] {
  const rows = run.cells.flatMap((cell) => {
    const diff = compareSubjects(cell)
    if (!diff || diff.broke.length + diff.fixed.length + diff.stillFailing.length === 0) return []
    const ids = (records: readonly CheckRecord[]) => records.map(({ id }) => `\`${code(id)}\``).join(', ') || '–'
    return [`| \`${code(cell.summary.id)}\` | ${ids(diff.broke)} | ${ids(diff.fixed)} | ${ids(diff.stillFailing)} |`]
  })
  return rows.length === 0
    ? []
    : [
        [
          '### What the agent upgrade changed',
          '',
          '| cell | broke | fixed | failed before and after |',
          '|---|---|---|---|',
          ...rows,
        ].join('\n'),
      ]
}

function leakSection(run: RunModel): string[] {
  const leaks = leaksOf(run)
  if (leaks.length === 0) return []
  const lines = leaks.map((leak) => `- ${escape(oneLine(leak.resource, 200))}: ${escape(oneLine(leak.message, 300))}`)
  return [['### Left behind', '', '`harness sweep` removes what it can.', '', ...lines].join('\n')]
}

function notSelectedSection({ notSelected }: RunModel): string[] {
  if (notSelected.length === 0) return []
  const rows = notSelected.slice(0, 200).map(({ cell, by, last }) => {
    const known = last
      ? `${STATUS_STYLE[last.status].emoji} ${last.status}, ${last.at.slice(0, 10)}`
      : 'no earlier result'
    return `| \`${code(cell.id)}\` | ${escape(oneLine(by, 200))} | ${known} |`
  })
  const summary = `<details><summary>${notSelected.length} not selected</summary>`
  return [[summary, '', '| cell | by | last known |', '|---|---|---|', ...rows, '', '</details>'].join('\n')]
}

function excludedSection(run: RunModel): string[] {
  if (run.excluded.length === 0) return []
  const lines = run.excluded.slice(0, 200).map(({ id, reason }) => `- \`${code(id)}\`: ${escape(oneLine(reason, 300))}`)
  return [[`<details><summary>${run.excluded.length} left out</summary>`, '', ...lines, '', '</details>'].join('\n')]
}

/** A code block whose fence is longer than any run of backticks in it, so that its text cannot end it. */
function fence(lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const text = cleanText(lines.join('\n')).slice(0, 3000)
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const marks = '`'.repeat(longest + 1)
  return [`${marks}text`, text, marks, '']
}

/** Text of ours or of a guest outside code: no HTML, no Markdown, no mention or reference that would notify people. */
function escape(text: string): string {
  return html(text, (plain) => plain.replaceAll(/[\\`*_{}[\]()#+!|~>]/g, (mark) => `\\${mark}`))
}

/** The same inside an HTML element, where Markdown is not read. */
function html(text: string, marks: (plain: string) => string = (same) => same): string {
  return marks(cleanText(text).replaceAll('\n', ' '))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('@', '@&#8203;')
    .replaceAll(/\b(https?|www|javascript|mailto)([:.])/gi, '$1&#8203;$2')
}

/** Text inside single backticks of a table cell. */
function code(text: string): string {
  return oneLine(text, 200).replaceAll('`', "'").replaceAll('|', '\\|')
}

function tail(evidence: string | undefined): string[] {
  return (evidence ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-15)
}
