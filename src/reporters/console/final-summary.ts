import { STATUS_STYLE } from '../status-style.ts'
import type { RunModel } from '../../results/run-model.ts'
import { countedChecks, flakyCells, isProblem, leaksOf } from '../../results/summary.ts'
import { flakyReason, oneLine, shownStatus, timeText, verdictText } from '../wording.ts'
import { runCostText } from '../cost.ts'
import { notSelectedLines } from '../not-selected.ts'
import type { Paint } from './ansi.ts'
import { problemLines, verdictLine } from './cell-lines.ts'

/** The end of a run: a line per cell, what is wrong and what to do about it, then the verdict and where the reports are. */
export function finalSummary(
  run: RunModel,
  options: { width: number; paint: Paint; reports?: readonly string[]; omitPassed?: boolean },
): string[] {
  const { width, paint } = options
  const lines: string[] = ['']
  const longest = run.cells.reduce((most, { summary }) => Math.max(most, summary.id.length), 0)
  const worse = run.cells.filter(
    (cell) => cell.status !== 'pass' || countedChecks(cell).some(isProblem) || cell.leaks.length > 0,
  )
  for (const cell of options.omitPassed ? [] : run.cells.filter((candidate) => !worse.includes(candidate)))
    lines.push(verdictLine(cell, width, paint, longest))
  for (const cell of worse)
    lines.push('', verdictLine(cell, width, paint, longest), ...problemLines(run, cell, width, paint))
  for (const { id, reason } of run.excluded)
    lines.push(paint('2', oneLine(`${STATUS_STYLE.skip.glyph} ${id}  left out: ${reason}`, 400)))
  for (const line of notSelectedLines(run.notSelected))
    lines.push(paint('2', oneLine(`${STATUS_STYLE.skip.glyph} ${line}`, 400)))
  lines.push(...flakyLines(run, paint))
  const leaks = leaksOf(run)
  if (leaks.length > 0) {
    lines.push(
      '',
      paint(
        STATUS_STYLE.fail.ansi,
        `left behind: ${leaks.length === 1 ? 'one resource' : `${leaks.length} resources`}; \`harness sweep\` removes what it can`,
      ),
    )
    for (const leak of leaks) lines.push(`  ${oneLine(`${leak.resource}: ${leak.message}`, 400)}`)
  }
  const style = STATUS_STYLE[shownStatus(run)]
  lines.push(
    '',
    `${paint(`1;${style.ansi}`, `${style.glyph} ${verdictText(run)}`)} ${paint('2', [`in ${timeText(run.durationMs)}`, runCostText(run)].filter(Boolean).join(', '))}`,
  )
  for (const path of options.reports ?? []) lines.push(`  ${path}`)
  return lines
}

/** Cells that pass only when they are judged again are never shown as plain passes. */
function flakyLines(run: RunModel, paint: Paint): string[] {
  const flaky = flakyCells(run)
  if (flaky.length === 0) return []
  const lines = flaky.flatMap(({ cell, checks }) => [
    `  ${cell.summary.id}${checks.length === 0 ? `: ${flakyReason(cell)}` : ''}`,
    ...checks.slice(0, 10).map((record) => `    ${record.id}: ${flakyReason(cell, record)}`),
  ])
  const head = paint(STATUS_STYLE.miss.ansi, 'flaky: failed, and passed when judged again on a fresh machine')
  return ['', head, ...lines]
}
