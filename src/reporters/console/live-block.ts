import { STATUS_STYLE } from '../status-style.ts'
import type { CellModel, RunModel } from '../../results/run-model.ts'
import { countChecks, countedChecks } from '../../results/summary.ts'
import { timeText } from '../wording.ts'
import { column, columnsOf, fit, type Paint } from './ansi.ts'

const SPINNER = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']

/** The block at the bottom of the terminal: a line per running cell, then one about the rest. Never more than `rows` lines. */
export function liveBlock(
  run: RunModel,
  now: number,
  options: { width: number; rows: number; paint: Paint },
): string[] {
  const { width, paint } = options
  const running = run.cells.filter((cell) => cell.state === 'running')
  const shown = running.slice(0, Math.max(1, options.rows - 2))
  const spinner = SPINNER[Math.floor(now / 100) % SPINNER.length] ?? ''
  const idWidth = Math.min(
    Math.max(16, ...shown.map(({ summary }) => summary.id.length)),
    Math.max(16, Math.floor(width * 0.45)),
  )
  const lines = shown.map((cell) => cellLine(cell, now, spinner, idWidth, width, paint))
  const ended = run.cells.filter((cell) => cell.state === 'ended').length
  const waiting = run.cells.filter((cell) => cell.state === 'waiting').length
  const parts = [
    `${ended}/${run.cells.length} cells`,
    running.length > shown.length ? `${running.length - shown.length} more running` : '',
    waiting ? `${waiting} waiting` : '',
  ]
  const footer = `${progressBar(run, Math.min(24, Math.floor(width / 4)))} ${parts.filter(Boolean).join(', ')}, ${timeText(sinceMs(run.startedAt, now))}`
  return [...lines, paint('2', fit(footer, width - 1))]
}

function cellLine(cell: CellModel, now: number, spinner: string, idWidth: number, width: number, paint: Paint): string {
  const step = cell.steps.findLast((candidate) => candidate.outcome === 'running')
  const since = Date.parse(cell.startedAt ?? '') + (step?.startMs ?? 0)
  const counts = countChecks(countedChecks(cell))
  const id = column(cell.summary.id, idWidth)
  const elapsed = timeText(Math.max(0, now - since))
  const total = timeText(sinceMs(cell.startedAt, now))
  const tallies = (
    [
      ['pass', counts.pass],
      ['fail', counts.fail + counts.error],
      ['miss', counts.miss],
    ] as const
  ).filter(([, count]) => count > 0)
  const tallyText = tallies.map(([status, count]) => `${STATUS_STYLE[status].glyph}${count}`).join(' ')
  const check = step?.step === 'checks' ? cell.running.at(-1)?.id : step?.detail
  const left = `${step?.step ?? 'starting'} ${elapsed}`
  const free = width - idWidth - 4 - columnsOf(left) - columnsOf(tallyText) - columnsOf(total) - 5
  const what = check && free > 8 ? ` ${fit(check, free - 1)}` : ''
  const gap = ' '.repeat(Math.max(1, free - columnsOf(what)))
  if (free < 1) return `${paint('36', spinner)} ${fit(`${id} ${left}`, width - 3)}`
  const tally = tallies
    .map(([status, count]) => paint(STATUS_STYLE[status].ansi, `${STATUS_STYLE[status].glyph}${count}`))
    .join(' ')
  return `${paint('36', spinner)} ${id} ${paint('1', step?.step ?? 'starting')} ${elapsed}${paint('2', what)}${gap}${tally}  ${paint('2', total)}`
}

/** How far the run is, by the steps that ended: a cell that takes a long time still moves. */
function progressBar(run: RunModel, width: number): string {
  const usual = Math.max(12, ...run.cells.filter((cell) => cell.state === 'ended').map((cell) => cell.steps.length))
  const share = (cell: CellModel) =>
    cell.state === 'ended' ? 1 : Math.min(0.95, cell.steps.filter((step) => step.outcome !== 'running').length / usual)
  const done = run.cells.length === 0 ? 0 : run.cells.reduce((sum, cell) => sum + share(cell), 0) / run.cells.length
  const full = Math.round(done * width)
  return '━'.repeat(full) + '─'.repeat(Math.max(0, width - full))
}

function sinceMs(from: string | undefined, now: number): number {
  const ms = now - Date.parse(from ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
