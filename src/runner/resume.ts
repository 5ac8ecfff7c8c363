import { createReadStream } from 'node:fs'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { toErrorRecord } from '../core/errors.ts'
import { readLedgers } from '../platforms/read-ledgers.ts'
import { CellHistory } from '../results/cell-past.ts'
import { streamEvents } from '../results/stream-events.ts'
import type { NewEvent } from './event-log.ts'
import { leakError } from './cell/leak-error.ts'
import type { CellPlan } from './plan/plan.ts'
import type { CellEnd } from './cell/run-cell.ts'
import { sweep } from './sweep/sweep.ts'

/** What is left of a run that was interrupted. */
export interface Resumption {
  /** Cells to work on, each with what was found before. */
  plans: CellPlan[]
  /** How the finished cells ended. */
  ends: CellEnd[]
  /** Milliseconds the run took up to its interruption. */
  beforeMs: number
  /** What could not be removed. */
  leaks: NewEvent[]
  /** It did not even come to write its first event. */
  fresh: boolean
}

/**
 * Reads how far a run came, and removes what its dead process had made for cells that it did not finish.
 * Machines that were kept for a person stay. The caller holds the run, so that nobody else works on it.
 */
export async function resumeFrom(runDir: string, runId: string, plans: readonly CellPlan[]): Promise<Resumption> {
  const fresh = !(await hasBegun(join(runDir, 'events.jsonl')))
  const { histories, beforeMs } = fresh ? NOTHING : await readProgress(runDir)
  const result: Resumption = { plans: [], ends: [], beforeMs, leaks: [], fresh }
  for (const plan of plans) {
    const state = histories.get(plan.cell.id)?.state ?? { state: 'waiting' }
    if (state.state === 'ended') {
      const { status, flaky } = state.end
      result.ends.push({ status, leaks: state.leaks, ...(flaky ? { flaky } : {}) })
    } else {
      result.plans.push(state.state === 'waiting' ? plan : { ...plan, past: state.past })
    }
  }
  result.leaks = await removeLeftovers(runId, plans, histories)
  return result
}

/** Whether the first event was written whole; one that was cut is removed. */
async function hasBegun(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file)) if ((chunk as Buffer).includes(0x0a)) return true
  await truncate(file)
  return false
}

interface Progress {
  histories: ReadonlyMap<string, CellHistory>
  beforeMs: number
}

const NOTHING: Progress = { histories: new Map(), beforeMs: 0 }

async function readProgress(runDir: string): Promise<Progress> {
  const histories = new Map<string, CellHistory>()
  let began = ''
  let last = ''
  let beforeMs = 0
  const spanMs = () => Math.max(0, Date.parse(last) - Date.parse(began)) || 0
  for await (const event of streamEvents(runDir)) {
    if (event.type === 'run-resumed') beforeMs += spanMs()
    if (event.type === 'run-resumed' || event.type === 'run-started') began = event.at
    last = event.at
    if (!('cell' in event)) continue
    const history = histories.get(event.cell) ?? new CellHistory()
    histories.set(event.cell, history)
    history.take(event)
  }
  return { histories, beforeMs: beforeMs + spanMs() }
}

async function removeLeftovers(
  runId: string,
  plans: readonly CellPlan[],
  histories: ReadonlyMap<string, CellHistory>,
): Promise<NewEvent[]> {
  const ledgers = (await readLedgers()).filter((ledger) => ledger.runId === runId)
  const kept = ledgers.flatMap(({ open }) => open).filter((entry) => entry.kept)
  const spare = new Set(kept.flatMap(({ id }) => id ?? []))
  // The ledger has no credentials; the cells have those they were given.
  const used = new Set(ledgers.flatMap(({ platforms }) => [...platforms.keys()]))
  const places = plans.map(({ cell }) => ({ name: cell.platform, options: cell.platformOptions }))
  const { items } = await sweep({ runId, spare, platforms: places.filter(({ name }) => used.has(name)) })
  return items.flatMap((item): NewEvent[] => {
    if (item.outcome !== 'left' || item.runId !== runId || !histories.has(item.cell)) return []
    const error = item.error ?? toErrorRecord(leakError(new Error(`${item.id} could not be removed`)))
    return [{ type: 'leaked', cell: item.cell, attempt: 1, resource: `${item.kind} ${item.id}`, error }]
  })
}
