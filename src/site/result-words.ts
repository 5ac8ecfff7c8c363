import { STATUS_STYLE } from '../reporters/status-style.ts'
import { timeText } from '../reporters/wording.ts'
import type { CellRunRow } from '../archive/read/cell-runs.ts'
import { dayOf } from './parts.ts'

/** How many judgements came out how: `2 failed, 78 passed`. */
export function countsOf(row: CellRunRow): string {
  const parts: [number, string][] = [
    [row.fail, 'failed'],
    [row.error, 'broken'],
    [row.miss, 'not judged'],
    [row.pass, 'passed'],
    [row.skip, 'skipped'],
    [row.done, 'measured'],
    [row.waived, 'waived'],
    [row.flakyChecks, 'flaky'],
  ]
  const text = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return text.join(', ') || (row.reason ?? 'nothing judged')
}

/** A result in one sentence. */
export function resultSentence(row: CellRunRow): string {
  const word = row.flaky ? 'flaky' : STATUS_STYLE[row.status].word
  return `${word}, ${dayOf(row.startedAt)}: ${countsOf(row)}`.slice(0, 300)
}

/** The time a boot took, as text. */
export function bootText({ bootMs }: Pick<CellRunRow, 'bootMs'>): string {
  return bootMs === null ? '–' : timeText(bootMs)
}

/** A cell id without the name of its image, which the page already says. */
export function withinImage(cell: string, image: string): string {
  const parts = cell.split('/')
  return parts[1] === image ? [parts[0], ...parts.slice(2)].join('/') : cell
}

/** The command that makes the judgements of a cell again. */
export function cellCommand(cell: string): string {
  const plain = /^[A-Za-z0-9_./:@-]+$/.test(cell)
  return `harness run --filter ${plain ? cell : `'${cell.replaceAll("'", String.raw`'\''`)}'`}`
}
