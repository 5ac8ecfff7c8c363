import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { countedChecks } from '../results/summary.ts'
import { failureLines } from './wording.ts'

/** The run by the Test Anything Protocol, version 14: a test per judgement, the cells one after the other. */
export function tapText(run: RunModel): string {
  const tests = run.cells.flatMap((cell) => {
    const records = countedChecks(cell)
    return records.length > 0 ? records.map((record) => testOf(cell, record)) : [cellTest(cell)]
  })
  const lines = tests.map(({ ok, text, more }, index) => `${ok ? 'ok' : 'not ok'} ${index + 1} - ${text}${more}`)
  return `TAP version 14\n1..${tests.length}\n${lines.join('\n')}\n`
}

interface TapTest {
  ok: boolean
  text: string
  more: string
}

function testOf(cell: CellModel, record: CheckRecord): TapTest {
  const { id, phase, status, reason, waived } = record
  const text = words(`${cell.summary.id} ${record.suite}/${id}${phase ? ` ${phase}` : ''}`)
  if (status === 'skip') return { ok: true, text, more: ` # SKIP ${words(reason ?? '')}` }
  if (status === 'pass' || status === 'done') return { ok: true, text, more: '' }
  const todo = waived ? ` # TODO ${words(waived.reason)}` : ''
  return {
    ok: false,
    text,
    more: `${todo}\n${detail(status, [...(reason === undefined ? [] : [reason]), ...record.errors.flatMap((failure) => failureLines(failure, 20))])}`,
  }
}

function cellTest({ summary, status, reason }: CellModel): TapTest {
  const ok = status === 'pass' || status === 'done' || status === 'skip'
  return { ok, text: words(summary.id), more: ok ? '' : `\n${detail(status, [reason ?? 'nothing was judged'])}` }
}

/** A block of YAML that only holds quoted text, so that nothing in it means anything. */
function detail(status: string, lines: readonly string[]): string {
  return `  ---\n  status: ${status}\n  message: ${JSON.stringify(lines.join('\n'))}\n  ...`
}

/** One line in which nothing is a directive. */
function words(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('#', '\\#').trim()
}
