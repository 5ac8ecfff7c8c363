import { cleanText } from '../core/text.ts'
import { formatMs } from '../core/duration.ts'
import type { CheckFailure, CheckRecord } from '../results/check-record.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { countCells, countChecks, countedChecks, type Counts } from '../results/summary.ts'
import type { Status } from '../results/status.ts'

/** The order in which people want to read a group of counts. */
const COUNT_ORDER: readonly Status[] = ['fail', 'error', 'miss', 'pass', 'skip', 'done']
const COUNT_WORD: Readonly<Record<Status, string>> = {
  fail: 'failed',
  error: 'broken',
  miss: 'not judged',
  pass: 'passed',
  skip: 'skipped',
  done: 'measured',
}

/** `2 failed, 1 not judged, 36 passed`, without what is zero. */
export function countsText(counts: Counts): string {
  const parts = COUNT_ORDER.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${COUNT_WORD[status]}`,
  )
  if (counts.waived > 0) parts.push(`${counts.waived} waived`)
  if (counts.flaky > 0) parts.push(`${counts.flaky} flaky`)
  return parts.join(', ') || 'nothing judged'
}

/** One sentence about the run: `1 of 4 cells passed: 2 failed, 1 not judged`. */
export function verdictText(run: RunModel): string {
  const counts = countCells(run)
  const cells = `${counts.total} ${counts.total === 1 ? 'cell' : 'cells'}`
  if (!run.ended) {
    const ended = run.cells.filter((cell) => cell.state === 'ended').length
    return `interrupted: ${ended} of ${cells} ended, ${counts.pass} passed`
  }
  const left = run.notSelected.length
  const rest = left > 0 ? `; ${left} not selected` : ''
  if (counts.total === 0) return `no cell was run${rest}`
  if (counts.pass === counts.total)
    return (counts.total === 1 ? 'the cell passed' : `all ${cells} passed`) + flakyWords(run, counts) + rest
  return `${counts.pass} of ${cells} passed: ${countsText({ ...counts, pass: 0, flaky: 0 })}${flakyWords(run, counts)}${rest}`
}

/** The status a run is shown by: one that did not end was not judged, and one whose gate is shut has failed. */
export function shownStatus(run: RunModel): Status {
  if (!run.ended) return 'miss'
  const blocked = run.gate?.flaky === 'block' && countCells(run).flaky > 0
  return blocked && run.status === 'pass' ? 'fail' : run.status
}

/** The run as data, with how many cells and judgements there are of each kind. */
export function runData(run: RunModel): RunModel & { counts: { cells: Counts; checks: Counts } } {
  return { ...run, counts: { cells: countCells(run), checks: countChecks(run.cells.flatMap(countedChecks)) } }
}

function flakyWords(run: RunModel, counts: Counts): string {
  if (counts.flaky === 0) return ''
  const words = counts.total === 1 ? ', but only when judged again' : `; ${counts.flaky} flaky`
  return run.gate?.flaky === 'block' ? `${words}, which this run does not allow` : words
}

/** Why something is flaky, in one line: how it was judged before it passed. */
export function flakyReason(cell: CellModel, record?: CheckRecord): string {
  const [before] = record?.earlier ?? []
  if (before) {
    const why = before.errors[0]?.message ?? before.reason ?? ''
    return oneLine(`attempt ${before.attempt} ended as ${before.status}${why === '' ? '' : `: ${why}`}`, 300)
  }
  const failed = cell.earlier.find(({ status }) => status === 'fail' || status === 'error')
  if (!failed) return 'it failed before it passed'
  return oneLine(`attempt ${failed.attempt} ended as ${failed.status}: ${failed.reason ?? 'no reason known'}`, 300)
}

/** A waiver in one line: what it does not count, or that it is not needed. */
export function waiverText(record: CheckRecord): string {
  if (!record.waived) return ''
  const { reason, tracker, until } = record.waived
  return record.status === 'pass'
    ? `passes here although it is waived until ${until} (${tracker})`
    : `waived until ${until}: ${reason} (${tracker})`
}

/** Why a cell is not a pass, in one line. */
export function cellReason(cell: CellModel): string {
  const reason = cell.error?.message ?? cell.reason
  if (reason !== undefined) return oneLine(reason, 300)
  return cell.state === 'running'
    ? 'the run was interrupted while this cell ran'
    : cell.state === 'waiting'
      ? 'never started'
      : ''
}

/** Where a record was judged, for example `first-boot` or `image, first-boot`. */
export function judgedAt(record: CheckRecord): string {
  return [record.baseline ? 'unmodified image' : '', record.phase ?? ''].filter(Boolean).join(', ')
}

/** The first lines of what a failure says: the message, then expected and actual when the message does not tell them. */
export function failureLines(failure: CheckFailure, maxLines: number): string[] {
  const whole = failure.actual?.includes(failure.message.replace(/ \(\d+ times\)$/, ''))
    ? failure.actual
    : failure.message
  const lines = cleanText(whole).split('\n')
  const tells = (value: string | undefined) => value === undefined || whole.includes(value)
  if (failure.diff) lines.push(...cleanText(failure.diff).split('\n'))
  else if (!tells(failure.expected) || !tells(failure.actual)) {
    if (failure.expected !== undefined) lines.push(...cleanText(`expected ${failure.expected}`).split('\n'))
    if (failure.actual !== undefined) lines.push(...cleanText(`actual   ${failure.actual}`).split('\n'))
  }
  const kept = lines.map((line) => line.trimEnd()).filter((line) => !['', '- Expected', '+ Received'].includes(line))
  return kept.length > maxLines && maxLines > 1
    ? [...kept.slice(0, maxLines - 1), `… ${kept.length - maxLines + 1} more lines`]
    : kept.slice(0, maxLines)
}

/** Text on one line, cleaned, at most `max` characters. */
export function oneLine(text: string, max: number): string {
  const line = cleanText(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}

/** Options that choose cells or belong to one run only; they are not repeated. With and without a value. */
const DROPPED_WITH_VALUE = new Set([
  '--changed-since',
  '--repo',
  '--change-rules',
  '--share',
  '--day',
  '--budget-usd',
  '--filter',
  '--concurrency',
  '--reports-dir',
  '--shard',
  '--shard-times',
  '--blob',
])
const DROPPED = new Set(['--setup', '--yes', '--rebuild', '--dry-run'])

/** The command that runs this cell again: that of the run, narrowed to the cell. */
export function rerunCommand(run: Pick<RunModel, 'argv'>, cell: CellModel): string {
  const words = run.argv.filter((word, index) => index > 0 || word !== 'harness').slice(0, 60)
  const kept: string[] = []
  for (let i = words[0] === 'run' ? 1 : 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (DROPPED_WITH_VALUE.has(word)) i++
    else if (!DROPPED.has(word) && !DROPPED_WITH_VALUE.has(word.split('=')[0] ?? '')) kept.push(shellWord(word))
  }
  return ['harness run', ...kept, `--filter ${shellWord(cell.summary.id)}`].join(' ')
}

/** The command that explains a check; log rules are explained under the id of the rule. */
export function explainCommand(record: Pick<CheckRecord, 'id' | 'suite'>): string {
  return `harness explain ${shellWord(record.suite === 'logs' ? record.id.replace(/^log-(?!scan$)/, '') : record.id)}`
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** Milliseconds for people; what is not a sensible length of time is shown as a dash. */
export function timeText(ms: number | undefined): string {
  return ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > 1e10 ? '–' : formatMs(ms)
}

function shellWord(text: string): string {
  const clean = oneLine(text, 200)
  return /^[A-Za-z0-9_./:@-]+$/.test(clean) ? clean : `'${clean.replaceAll("'", String.raw`'\''`)}'`
}
