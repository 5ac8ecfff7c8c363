import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { EventOf, RunEvent } from './event.ts'
import type { LastKnown } from './not-selected.ts'
import { recordKey } from './run-model.ts'
import type { Status } from './status.ts'
import type { Usage } from './usage.ts'

/** What earlier runs say about the cells of a matrix. */
export interface EarlierRuns {
  /** How many runs were read. */
  runs: number
  /** The newest judgement of a cell. */
  cell(id: string): LastKnown | undefined
  /** The newest judgement of a check in a cell, by `recordKey`. */
  check(id: string, key: string): LastKnown | undefined
  /** Machine time of its whole attempts, newest first. */
  uses(id: string): readonly Usage[]
}

export interface EarlierOptions {
  /** Cells that are asked for; others are passed over. Default all. */
  cells?: ReadonlySet<string>
  /** Whether single checks are asked for, which takes longer. */
  checks?: boolean
  /** Newest runs that are read at most. Default 30. */
  most?: number
}

interface Known {
  last?: LastKnown
  uses: Usage[]
  checks: Map<string, LastKnown>
}

/** Of very large runs the newest must do: nobody waits a minute for a plan. */
const MOST_BYTES = 200 * 1024 * 1024

/** A judgement, not a lack of one. */
const JUDGED: ReadonlySet<Status> = new Set(['pass', 'fail', 'error', 'done'])

/** Reads the newest runs below a reports folder. What cannot be read is passed over: history is help, not truth. */
export async function readEarlierRuns(reportsDir: string, options: EarlierOptions = {}): Promise<EarlierRuns> {
  const { cells, checks = false, most = 30 } = options
  const names = (await readdir(reportsDir).catch(() => [])).filter((name) => /^\d{8}-\d{6}-/.test(name))
  const known = new Map<string, Known>()
  let runs = 0
  let bytes = 0
  for (const runId of names.sort().reverse().slice(0, most)) {
    bytes += (await stat(join(reportsDir, runId, 'events.jsonl')).catch(() => undefined))?.size ?? 0
    if (runs > 0 && bytes > MOST_BYTES) break
    if (await readRun(join(reportsDir, runId, 'events.jsonl'), { runId, cells, checks, known })) runs++
  }
  return {
    runs,
    cell: (id) => known.get(id)?.last,
    check: (id, key) => known.get(id)?.checks.get(key),
    uses: (id) => known.get(id)?.uses ?? [],
  }
}

interface Reading {
  runId: string
  cells: ReadonlySet<string> | undefined
  checks: boolean
  known: Map<string, Known>
}

async function readRun(file: string, reading: Reading): Promise<boolean> {
  const inRun = new Map<string, Known>()
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const event = parse(line, reading)
      if (event) take(event, inRun, reading.runId)
    }
  } catch {
    return false
  }
  for (const [cell, { last, uses, checks }] of inRun) {
    const before: Known = reading.known.get(cell) ?? { uses: [], checks: new Map() }
    reading.known.set(cell, before)
    if (last) before.last ??= last
    before.uses.push(...uses.reverse())
    for (const [key, check] of checks) if (!before.checks.has(key)) before.checks.set(key, check)
  }
  return true
}

type Told = EventOf<'cell-ended' | 'check-ended'>

/** Most lines are neither; they need not be parsed. */
function parse(line: string, { cells, checks }: Reading): Told | undefined {
  const wanted = line.includes('"type":"cell-ended"') || (checks && line.includes('"type":"check-ended"'))
  if (!wanted) return undefined
  try {
    const event = JSON.parse(line) as RunEvent
    return (event.type === 'cell-ended' || event.type === 'check-ended') && (cells?.has(event.cell) ?? true)
      ? event
      : undefined
  } catch {
    return undefined
  }
}

function take(event: Told, known: Map<string, Known>, runId: string): void {
  const cell: Known = known.get(event.cell) ?? { uses: [], checks: new Map() }
  known.set(event.cell, cell)
  if (event.type === 'check-ended') {
    const { record } = event
    if (JUDGED.has(record.status)) cell.checks.set(recordKey(record), { status: record.status, at: event.at, runId })
    return
  }
  if (!JUDGED.has(event.status)) return
  if (event.next === undefined && !event.cancelled) cell.last = { status: event.status, at: event.at, runId }
  if (event.usage) cell.uses.push(event.usage)
}
