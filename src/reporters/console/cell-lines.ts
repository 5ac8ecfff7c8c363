import { toMs } from '../../core/duration.ts'
import { STATUS_STYLE } from '../status-style.ts'
import type { CellModel, RunModel } from '../../results/run-model.ts'
import { compareSubjects, countChecks, countedChecks, isFlaky } from '../../results/summary.ts'
import type { Status } from '../../results/status.ts'
import { cellReason, countsText, explainCommand, oneLine, rerunCommand, timeText } from '../wording.ts'
import { problemsOf } from '../problems.ts'
import { costText } from '../cost.ts'
import { column, columnsOf, fit, type Paint } from './ansi.ts'
import { evidenceLines } from './evidence.ts'

const MAX_SHOWN = 10
const MANY_LINES = toMs('1 second')

/**
 * `✔ lxd/debian-13/default/container  pass  34.6 s  38 passed, 1 skipped`.
 * @param longest columns of the longest id of the run: where there is room, cells are told apart by all of it
 */
export function verdictLine(cell: CellModel, width: number, paint: Paint, longest = 0): string {
  const { glyph, word, ansi } = STATUS_STYLE[cell.status]
  const checks = countChecks(countedChecks(cell))
  const id = column(cell.summary.id, Math.min(Math.max(44, longest), Math.max(20, width - 40)))
  const time = cell.durationMs >= MANY_LINES ? timeText(cell.durationMs) : ''
  const flaky = isFlaky(cell) && checks.flaky === 0 ? 'flaky' : ''
  const cost = costText(cell.usage)
  const said = [checks.total > 0 ? countsText(checks) : cellReason(cell), flaky, cost].filter(Boolean).join(', ')
  const rest = fit(said, width - columnsOf(id) - 27)
  return `${paint(ansi, glyph)} ${id} ${paint(`1;${ansi}`, column(word, 10))} ${paint('2', time.padStart(10))}  ${rest}`.trimEnd()
}

/** What is wrong with a cell: its error, then its failed checks with their evidence and what to do next. */
export function problemLines(run: RunModel, cell: CellModel, width: number, paint: Paint): string[] {
  const lines: string[] = []
  const add = (indent: number, text: string, sgr = '') => {
    const line = oneLine(text, 600)
    lines.push(' '.repeat(indent) + (sgr ? paint(sgr, line) : line))
  }
  // Evidence is cut to the width; what to do next never is.
  const quote = (line: string) => lines.push(`    ${paint('2', fit(`│ ${line}`, width - 4))}`)
  const reason = cellReason(cell)
  if (cell.status !== 'pass' && cell.error) {
    add(2, reason)
    for (const line of tail(cell.error.evidence)) quote(line)
    if (cell.error.hint) add(4, `→ ${cell.error.hint}`)
  } else if (cell.state !== 'ended') add(2, reason)
  const problems = problemsOf(cell)
  for (const { record, where } of problems.slice(0, MAX_SHOWN)) {
    const style = STATUS_STYLE[record.status]
    const head = fit(`${record.id}${where ? ` (${where})` : ''}`, width - 14)
    lines.push(
      `  ${paint(style.ansi, style.glyph)} ${paint('1', head)} ${paint('2', `${record.suite}, ${record.severity}`)}`,
    )
    add(4, `expected: ${record.title}`)
    const evidence = record.errors[0] ? evidenceLines(record.errors[0], 4) : record.reason ? [record.reason] : []
    for (const line of evidence) quote(line)
    if (record.about?.fix) add(4, `→ ${record.about.fix}`)
  }
  const more = problems.slice(MAX_SHOWN).map(({ record }) => record.id)
  if (more.length > 0) add(2, `… and ${more.length} more, see the report: ${more.join(', ')}`)
  lines.push(...comparisonLines(cell, width, paint))
  for (const warning of cell.warnings.slice(0, 3)) add(2, `warning: ${warning}`, STATUS_STYLE.miss.ansi)
  if (lines.length > 0) {
    const [first] = problems
    if (first) add(2, `why:   ${explainCommand(first.record)}`, '2')
    add(2, `again: ${rerunCommand(run, cell)}`, '2')
  }
  return lines
}

function comparisonLines(cell: CellModel, width: number, paint: Paint): string[] {
  const diff = compareSubjects(cell)
  if (!diff || diff.broke.length + diff.fixed.length === 0) return []
  const line = (status: Status, what: string, ids: string[]) =>
    ids.length === 0
      ? []
      : [
          `  ${paint(STATUS_STYLE[status].ansi, fit(`the upgrade ${what} ${ids.length}: ${ids.join(', ')}`, width - 2))}`,
        ]
  return [
    ...line(
      'fail',
      'broke',
      diff.broke.map(({ id }) => id),
    ),
    ...line(
      'pass',
      'fixed',
      diff.fixed.map(({ id }) => id),
    ),
  ]
}

function tail(evidence: string | undefined): string[] {
  return (evidence ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-6)
}
