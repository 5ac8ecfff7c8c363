import { applyToCell, type CellModel, emptyCell, sinceMs, unknownSummary } from './cell-model.ts'
import type { EventOf, Gate, RunEvent, ShardOf } from './event.ts'
import type { NotSelectedCell } from './not-selected.ts'
import { worstStatus, type Status } from './status.ts'

export { type CellModel, recordKey, type StepModel } from './cell-model.ts'

/** A run as reports show it. Made from events alone. */
export interface RunModel {
  runId: string
  harness: string
  argv: string[]
  host: Record<string, string>
  startedAt: string
  lastEventAt: string
  /** False when the events stop before the run ended. */
  ended: boolean
  status: Status
  exitCode: number | undefined
  durationMs: number
  cells: CellModel[]
  excluded: { id: string; reason: string }[]
  notSelected: NotSelectedCell[]
  /** How often another process had to go on with it, and the time until the last of them began. */
  resumed: { times: number; at: string; beforeMs: number } | undefined
  plan?: string
  shard?: Pick<ShardOf, 'index' | 'count'>
  gate?: Gate
}

/** The model of all events. Unknown cells are added as they appear, so a damaged file still gives a report. */
export function foldEvents(events: Iterable<RunEvent>): RunModel {
  const run = emptyRun()
  for (const event of events) applyEvent(run, event)
  return run
}

/** A run of which nothing is known yet. */
export function emptyRun(): RunModel {
  return {
    runId: '',
    harness: '',
    argv: [],
    host: {},
    startedAt: '',
    lastEventAt: '',
    ended: false,
    status: 'miss',
    exitCode: undefined,
    durationMs: 0,
    cells: [],
    excluded: [],
    notSelected: [],
    resumed: undefined,
  }
}

/** Takes one event into the model, in place: a live display folds as the events come. */
export function applyEvent(run: RunModel, event: RunEvent): void {
  run.lastEventAt = event.at
  if (event.type === 'run-started') {
    const { runId, harness, argv, host, excluded, plan, shard, gate } = event
    Object.assign(run, {
      runId,
      harness,
      argv,
      host,
      excluded: excluded ?? [],
      notSelected: event.notSelected ?? [],
      startedAt: event.at,
      cells: event.cells.map(emptyCell),
      ...(plan === undefined ? {} : { plan }),
      ...(shard ? { shard: { index: shard.index, count: shard.count } } : {}),
      ...(gate ? { gate } : {}),
    })
    return
  }
  if (event.type === 'run-resumed') return resume(run, event)
  run.durationMs = (run.resumed?.beforeMs ?? 0) + sinceMs(run.resumed?.at ?? run.startedAt, event.at)
  if (event.type === 'run-ended') {
    Object.assign(run, { ended: true, status: event.status, exitCode: event.exitCode, durationMs: event.durationMs })
    return
  }
  applyToCell(cellOf(run, event.cell), event)
  const changed = event.type === 'cell-started' || event.type === 'cell-ended'
  if (!run.ended && changed) run.status = worstStatus(statusesOf(run.cells))
}

/** Asked for with every cell that begins or ends: no array of thousands each time. */
function* statusesOf(cells: readonly CellModel[]): Generator<Status> {
  for (const cell of cells) yield cell.status
}

const cellsById = new WeakMap<readonly CellModel[], Map<string, CellModel>>()

/** There are as many events as thousands of cells have checks: none of them may search through all cells. */
function cellOf(run: RunModel, id: string): CellModel {
  let known = cellsById.get(run.cells)
  if (known?.size !== run.cells.length)
    cellsById.set(run.cells, (known = new Map(run.cells.map((cell) => [cell.summary.id, cell]))))
  let cell = known.get(id)
  if (!cell) {
    cell = emptyCell(unknownSummary(id))
    run.cells.push(cell)
    known.set(id, cell)
  }
  return cell
}

/** What the former process had begun and not ended goes on from here; the time in between was nobody's. */
function resume(run: RunModel, event: EventOf<'run-resumed'>): void {
  run.resumed = { times: (run.resumed?.times ?? 0) + 1, at: event.at, beforeMs: run.durationMs }
  run.ended = false
  run.exitCode = undefined
  run.status = worstStatus(statusesOf(run.cells))
}
