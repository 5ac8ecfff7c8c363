import type { RunModel } from '../results/run-model.ts'
import { countedChecks, flakyCells, isProblem, worstFirst } from '../results/summary.ts'
import { notSelectedByRule } from './not-selected.ts'
import { cellReason, flakyReason, judgedAt, oneLine } from './wording.ts'
import { cleanText, plural } from '../core/text.ts'

const MAX_PER_LEVEL = 10

/**
 * Workflow commands that show problems on the page of a GitHub workflow run. GitHub shows ten of each level per step.
 * Print them only when `GITHUB_ACTIONS` is set.
 */
export function githubAnnotations(run: RunModel): string[] {
  const errors: string[] = []
  const warnings: string[] = []
  for (const cell of run.cells) {
    if (cell.status !== 'pass' && (cell.error || cell.state !== 'ended')) {
      const level = cell.status === 'fail' ? errors : warnings
      level.push(command(level === errors ? 'error' : 'warning', cell.summary.id, cellReason(cell)))
    }
    for (const record of worstFirst(countedChecks(cell).filter(isProblem))) {
      const isError = record.status === 'fail' && record.severity !== 'minor'
      const where = judgedAt(record)
      const title = `${cell.summary.id}: ${record.id}${where ? ` (${where})` : ''}`
      const message = `expected: ${record.title}\n${record.errors[0]?.message ?? record.reason ?? ''}`
      ;(isError ? errors : warnings).push(command(isError ? 'error' : 'warning', title, message))
    }
  }
  for (const { cell, checks } of flakyCells(run)) {
    const title = `${cell.summary.id}: flaky${checks[0] ? `: ${checks[0].id}` : ''}`
    warnings.push(command('warning', title, flakyReason(cell, checks[0])))
  }
  const notices = notSelectedByRule(run.notSelected).map(({ by, cells }) =>
    command('notice', 'not selected', `${plural(cells.length, 'cell')} of the matrix did not run, by ${by}`),
  )
  return [errors, warnings, notices].flatMap((level) => level.slice(0, MAX_PER_LEVEL))
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string): string {
  return `::${level} title=${property(oneLine(title, 200))}::${data(cleanText(message).slice(0, 2000))}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
