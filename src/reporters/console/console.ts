import type { RunEvent } from '../../results/event.ts'
import { applyEvent, emptyRun, type RunModel } from '../../results/run-model.ts'
import type { Reporter } from '../reporter.ts'
import { paintAnsi, paintNothing, wantsColor } from './ansi.ts'
import { verdictLine } from './cell-lines.ts'
import { finalSummary } from './final-summary.ts'
import { liveBlock } from './live-block.ts'
import { plainLines } from './plain-lines.ts'
import { TerminalBlock, type TerminalStream } from './terminal.ts'

export interface ConsoleOptions {
  stream: TerminalStream
  /** Default `process.env`; `NO_COLOR`, `FORCE_COLOR`, `TERM` and `CI` count. */
  env?: NodeJS.ProcessEnv
  /** Default: live on a terminal outside CI. */
  live?: boolean
  /** Paths of reports, printed at the end; asked for only then. */
  reports?: () => readonly string[]
  /** What is known of a run that goes on. */
  before?: RunModel
  /** For tests. Default `Date.now`. */
  now?: () => number
}

const REDRAW_MS = 120

/**
 * Shows a run on a terminal while it happens: a block with a line per running cell, finished cells above it, a summary at the end.
 * On anything else plain lines, one per step and per failure.
 */
export function consoleReporter(options: ConsoleOptions): Reporter {
  const { stream, env = process.env, now = Date.now } = options
  const live = options.live ?? (stream.isTTY === true && !env.CI && env.TERM !== 'dumb')
  const paint = wantsColor(stream.isTTY === true, env) ? paintAnsi : paintNothing
  const width = () => Math.min(Math.max(stream.columns ?? 160, 40), 160)
  const run = options.before ?? emptyRun()
  const block = live ? new TerminalBlock(stream) : undefined
  let closed = false
  const redraw = (above: readonly string[] = []) =>
    block?.draw(liveBlock(run, now(), { width: width(), rows: Math.max(4, (stream.rows ?? 24) - 2), paint }), above)
  const timer = live ? setInterval(() => run.startedAt !== '' && redraw(), REDRAW_MS) : undefined
  timer?.unref()

  return {
    onEvent(event) {
      applyEvent(run, event)
      if (block) redraw(linesAbove(event))
      else for (const line of plainLines(event, run, paint)) stream.write(`${line}\n`)
    },
    close() {
      if (closed) return
      closed = true
      clearInterval(timer)
      block?.close()
      if (run.startedAt === '') return
      const reports = options.reports?.() ?? []
      for (const line of finalSummary(run, {
        width: width(),
        paint,
        reports,
        omitPassed: live || run.cells.length === 1,
      }))
        stream.write(`${line}\n`)
    },
  }

  function linesAbove(event: RunEvent): string[] {
    if (event.type === 'run-started' || event.type === 'run-resumed') return [...plainLines(event, run, paint), '']
    if (event.type === 'leaked' || event.type === 'warning') return plainLines(event, run, paint)
    if (event.type !== 'cell-ended') return []
    const cell = run.cells.find(({ summary }) => summary.id === event.cell)
    return cell ? [verdictLine(cell, width(), paint, cell.summary.id.length)] : []
  }
}
