import { formatMs } from '../core/duration.ts'
import type { Explanation } from '../results/history/explain.ts'
import type { CellTally, CheckTally, History } from '../results/history/history.ts'
import type { Status } from '../results/status.ts'
import { table } from './output.ts'

/** Runs that are shown of a cell. */
const SHOWN = 20
const MARK: Readonly<Record<Status | 'flaky', string>> = {
  flaky: '~',
  pass: '.',
  fail: 'F',
  error: 'E',
  miss: '?',
  skip: '-',
  done: '.',
}

/** The history for people: checks, then cells, the most trouble first. */
export function historyText({ runs, from = '', to = '', checks, cells }: History): string {
  if (runs === 0) return 'there are no runs yet'
  const head = `${runs} ${runs === 1 ? 'run' : 'runs'}, ${from.slice(0, 10)} to ${to.slice(0, 10)}`
  const checkRows = [['CHECK', 'JUDGED', 'FAILED', 'FLAKY', 'FLIPS', 'WHERE'], ...checks.map(checkRow)]
  const cellRows = [['CELL', 'JUDGED', 'FAILED', 'FLAKY', 'USUALLY', `LAST ${SHOWN} RUNS`], ...cells.map(cellRow)]
  const parts = [head, checks.length > 0 ? table(checkRows) : 'no check failed or was flaky', table(cellRows)]
  return parts.join('\n\n')
}

function checkRow({ id, judged, failed, flaky, flips, flakeRate, explanation }: CheckTally): string[] {
  const rate = flaky > 0 ? `${flaky} (${(flakeRate * 100).toFixed(1)} %)` : '0'
  return [id, String(judged), String(failed), rate, String(flips), whereText(explanation, failed + flaky, judged)]
}

function cellRow({ id, judged, failed, flaky, usualMs, statuses }: CellTally): string[] {
  const line = statuses.slice(-SHOWN).map((status) => MARK[status])
  const usual = usualMs === undefined ? '-' : formatMs(usualMs)
  return [id, String(judged), String(failed), String(flaky), usual, line.join('')]
}

/** `only where release is debian 12: 9 of 10, elsewhere 0 of 30`. */
function whereText(explanation: Explanation | undefined, bad: number, judged: number): string {
  if (!explanation) return bad === 0 ? '' : bad === judged ? 'everywhere' : 'no axis explains it'
  const { where, inside, outside } = explanation
  const place = where.map(({ axis, value }) => `${axis} is ${value}`).join(' and ')
  const only = outside.bad === 0 ? 'only' : 'mostly'
  return `${only} where ${place}: ${inside.bad} of ${inside.total}, elsewhere ${outside.bad} of ${outside.total}`
}
