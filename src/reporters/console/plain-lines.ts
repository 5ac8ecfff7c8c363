import { plural } from '../../core/text.ts'
import { STATUS_STYLE } from '../status-style.ts'
import type { RunEvent } from '../../results/event.ts'
import type { RunModel } from '../../results/run-model.ts'
import { judgedAt, oneLine, timeText } from '../wording.ts'
import { notSelectedByRule } from '../not-selected.ts'
import type { Paint } from './ansi.ts'
import { verdictLine } from './cell-lines.ts'
import { evidenceLines } from './evidence.ts'

const WHY_AGAIN: Readonly<Record<string, string>> = {
  '': '',
  infrastructure: ', because the infrastructure failed',
  tests: ', to judge again what did not hold',
  resume: ', because the run was interrupted',
}

/** Lines for a log file: one per step and per failed check, each able to stand alone. Empty for events that need none. */
export function plainLines(event: RunEvent, run: RunModel, paint: Paint): string[] {
  if (event.type === 'run-started') {
    const cells = `${event.cells.length} ${event.cells.length === 1 ? 'cell' : 'cells'}`
    return [
      `harness ${event.harness}, run ${event.runId}, ${cells}`,
      ...notSelectedByRule(event.notSelected ?? []).map(
        ({ by, cells: of }) => `not selected, by ${oneLine(by, 200)}: ${plural(of.length, 'cell')}`,
      ),
      ...event.excluded.map(({ id, reason }) => `left out ${id}: ${oneLine(reason, 200)}`),
    ]
  }
  if (event.type === 'run-ended') return []
  if (event.type === 'run-resumed') {
    const done = run.cells.filter((cell) => cell.state === 'ended').length
    return [`run ${run.runId} goes on; ${done} of ${run.cells.length} cells had ended`]
  }
  const clock = paint('2', `[${timeText(run.durationMs).padStart(8)}]`)
  const say = (text: string) => [`${clock} ${event.cell}  ${text}`]
  switch (event.type) {
    case 'cell-started':
      return say(
        event.attempt > 1 ? `started again, attempt ${event.attempt}${WHY_AGAIN[event.again ?? '']}` : 'started',
      )
    case 'step-ended': {
      if (event.outcome === 'skipped') return say(`${event.step} skipped: ${oneLine(event.reason ?? '', 160)}`)
      const time = timeText(event.durationMs)
      if (event.outcome === 'ok') return say(`${event.step} ${time}`)
      return say(
        paint(
          STATUS_STYLE.fail.ansi,
          `${event.step} failed after ${time}: ${oneLine(event.error?.message ?? event.reason ?? '', 300)}`,
        ),
      )
    }
    case 'check-ended': {
      const { record } = event
      const bad = record.status === 'fail' || record.status === 'error' || record.status === 'miss'
      if (!bad || record.baseline) return []
      const style = STATUS_STYLE[record.status]
      const [first = record.reason ?? ''] = record.errors[0] ? evidenceLines(record.errors[0], 1) : []
      const where = [record.waived ? 'waived' : '', judgedAt(record)].filter(Boolean).join(', ')
      return say(`${paint(style.ansi, style.glyph)} ${record.id}${where && ` (${where})`}: ${oneLine(first, 200)}`)
    }
    case 'agent-upgraded':
      return say(`agent ${oneLine(event.from, 60)} -> ${oneLine(event.to, 60)}`)
    case 'warning':
      return say(paint(STATUS_STYLE.miss.ansi, `warning: ${oneLine(event.message, 300)}`))
    case 'leaked':
      return say(
        paint(
          STATUS_STYLE.fail.ansi,
          `left behind: ${oneLine(event.resource, 160)}: ${oneLine(event.error.message, 160)}`,
        ),
      )
    case 'cell-ended': {
      const cell = run.cells.find(({ summary }) => summary.id === event.cell)
      return cell ? [`${clock} ${verdictLine(cell, 160, paint, cell.summary.id.length)}`] : []
    }
    default:
      return []
  }
}
