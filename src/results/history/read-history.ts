import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CellSummary, EventOf, RunEvent } from '../event.ts'
import { recordKey } from '../run-model.ts'
import type { Status } from '../status.ts'
import { streamEvents } from '../stream-events.ts'

/** How a check of a cell was judged in a run; the worst of its phases. */
export interface CheckOutcome {
  id: string
  status: Status
  flaky: boolean
  waived: boolean
}

/** How a cell ended in a run. */
export interface CellOutcome {
  runId: string
  /** When the run began. */
  at: string
  cell: CellSummary
  /** Where it was judged: axes, agent and host, by name. */
  axes: Record<string, string>
  status: Status
  flaky: boolean
  attempts: number
  durationMs: number
  checks: CheckOutcome[]
}

/** Only lines that tell how something ended are worth reading. */
const TELLING = /"type":"(?:run-started|cell-started|cell-ended|check-ended|agent-upgraded)"/

/**
 * Reads how cells ended in the newest runs below a reports folder, oldest run first. Folders that hold no run, or that of a newer harness,
 * are passed over: history is help, not truth.
 * @param most runs that are read at most
 */
export async function* readHistory(reportsDir: string, most: number): AsyncGenerator<CellOutcome[]> {
  const names = (await readdir(reportsDir).catch(() => [])).filter((name) => /^\d{8}-\d{6}-/.test(name)).sort()
  for (const name of names.slice(-most)) {
    const outcomes = await readRun(join(reportsDir, name)).catch(() => undefined)
    if (outcomes) yield outcomes
  }
}

async function readRun(runDir: string): Promise<CellOutcome[]> {
  const cells = new Map<string, Ending>()
  let start: EventOf<'run-started'> | undefined
  for await (const event of streamEvents(runDir, TELLING)) {
    if (event.type === 'run-started') start = event
    if (!('cell' in event)) continue
    const ending = cells.get(event.cell) ?? new Ending()
    cells.set(event.cell, ending)
    ending.take(event)
  }
  if (!start) return []
  return start.cells.flatMap((cell) => (start && cells.get(cell.id)?.outcome(start, cell)) ?? [])
}

const RANK: readonly Status[] = ['fail', 'error', 'miss', 'pass', 'done', 'skip']

/** The last word on one cell. */
class Ending {
  #checks = new Map<string, CheckOutcome>()
  #end: EventOf<'cell-ended'> | undefined
  #version: string | undefined

  take(event: RunEvent): void {
    if (event.type === 'cell-started') {
      this.#end = undefined
      if (!event.keeps) this.#checks.clear()
    } else if (event.type === 'check-ended' && !event.record.baseline) {
      const { id, status, flaky = false, waived } = event.record
      this.#checks.set(recordKey(event.record), { id, status, flaky, waived: waived !== undefined })
    } else if (event.type === 'agent-upgraded') this.#version = event.to
    else if (event.type === 'cell-ended') this.#end = event
  }

  /** Undefined when it did not end. */
  outcome(start: EventOf<'run-started'>, cell: CellSummary): CellOutcome | undefined {
    const end = this.#end
    if (!end || end.cancelled) return undefined
    const byId = Map.groupBy(this.#checks.values(), ({ id }) => id)
    const checks = [...byId.values()].flatMap((all): CheckOutcome[] => {
      const [worst] = all.sort((a, b) => RANK.indexOf(a.status) - RANK.indexOf(b.status))
      return worst ? [{ ...worst, flaky: all.some(({ flaky }) => flaky) }] : []
    })
    const { status, flaky = false, attempt, durationMs } = end
    const axes = axesOf(cell, start, this.#version)
    return { runId: start.runId, at: start.at, cell, axes, status, flaky, attempts: attempt, durationMs, checks }
  }
}

/** What may explain a failure, the most general first. */
function axesOf(cell: CellSummary, start: EventOf<'run-started'>, version: string | undefined): Record<string, string> {
  const { platform, distribution, release, image, instanceType, boot, agent, axes = {} } = cell
  return {
    platform,
    distribution,
    release: `${distribution} ${release}`,
    image,
    'instance-type': instanceType,
    boot,
    ...axes,
    'agent source': `${agent.name} ${agent.source}`,
    ...(version === undefined ? {} : { 'agent version': version }),
    host: start.host['name'] ?? '',
    harness: start.harness,
  }
}
