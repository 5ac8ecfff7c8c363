import { createHash } from 'node:crypto'
import { ConfigError } from '../../core/errors.ts'
import type { CellSummary, EventOf, RunEvent } from '../../results/event.ts'
import { exitCodeOf, type Status, worstStatus } from '../../results/status.ts'
import type { Part } from './part.ts'

/** What becomes of parts: their events stand between these, in the order of their shards. */
export interface MergePlan {
  runId: string
  parts: Part[]
  first: EventOf<'run-started'>
  /** The cells nobody brought to an end. */
  missing: EventOf<'cell-ended'>[]
  last: EventOf<'run-ended'>
}

/**
 * Decides how parts make one run. The order in which they are given does not matter.
 * @throws ConfigError when they are parts of different plans, or differ where they should be the same
 */
export function planMerge(given: readonly Part[]): MergePlan {
  const named = [...given].sort((a, b) => (a.name < b.name ? -1 : 1))
  const [lead] = named
  if (!lead) throw new ConfigError('there is nothing to merge', { hint: 'give the folders of runs, or their blobs' })
  for (const part of named) refuseMixed(lead, part)
  const parts = distinct(named)
  const cells = cellsOf(parts[0] ?? lead)
  refuseOverlap(parts, cells)
  const lastAt = parts.map((part) => part.lastAt).reduce((a, b) => (a > b ? a : b))
  const runId = nameOf(parts)
  const missing = missingCells(parts, cells, lastAt)
  const ends = parts.flatMap((part) => [...part.ended.values()])
  const statuses: Status[] = [...ends, ...missing].map((end) => end.status)
  const blocked = lead.start.gate?.flaky === 'block' && ends.some((end) => end.flaky)
  const leaks = parts.reduce((sum, part) => sum + part.leaks, 0)
  const first = firstEvent(runId, parts, cells)
  return {
    runId,
    parts,
    first,
    missing,
    last: {
      type: 'run-ended',
      at: lastAt,
      status: statuses.length === 0 ? 'skip' : worstStatus(statuses),
      exitCode: exitCodeOf(statuses, { interrupted: false, leaks, blocked }),
      durationMs: Math.max(0, Date.parse(lastAt) - Date.parse(first.at)) || 0,
    },
  }
}

/** All cells of the plan, in the order of this part; another part may have them in another order. */
function cellsOf({ start }: Part): readonly CellSummary[] {
  return start.shard?.cells ?? start.cells
}

/** One part per shard, in their order. The same part may be given twice. */
function distinct(named: readonly Part[]): Part[] {
  const byShard = new Map<number, Part>()
  for (const part of named) {
    const known = byShard.get(part.index)
    if (!known) byShard.set(part.index, part)
    else if (known.digest !== part.digest) {
      throw new ConfigError(`${known.name} and ${part.name} are both shard ${part.index}, and differ`, {
        hint: 'give only the one that counts',
      })
    }
  }
  return [...byShard.values()].sort((a, b) => a.index - b.index)
}

function refuseMixed(lead: Part, part: Part): void {
  if (part.start.plan === lead.start.plan && part.count === lead.count) return
  throw new ConfigError(`${lead.name} and ${part.name} are parts of different plans`, {
    hint: 'run all shards from the same matrix, with the same options',
  })
}

function refuseOverlap(parts: readonly Part[], cells: readonly CellSummary[]): void {
  const known = new Set(cells.map(({ id }) => id))
  const owner = new Map<string, Part>()
  for (const part of parts) {
    for (const id of new Set([...part.start.cells.map((cell) => cell.id), ...part.attempts.keys()])) {
      const other = owner.get(id)
      if (other) throw new ConfigError(`${other.name} and ${part.name} both have the cell ${id}`)
      if (!known.has(id)) throw new ConfigError(`${part.name} has the cell ${id}, which is not in its plan`)
      owner.set(id, part)
    }
  }
}

function missingCells(parts: readonly Part[], cells: readonly CellSummary[], at: string): EventOf<'cell-ended'>[] {
  const { count = 1 } = parts[0] ?? {}
  const present = new Set(parts.map(({ index }) => index))
  const absent = Array.from({ length: count }, (_, index) => index + 1).filter((index) => !present.has(index))
  return cells.flatMap(({ id }): EventOf<'cell-ended'>[] => {
    const part = parts.find(({ start }) => start.cells.some((cell) => cell.id === id))
    if (part?.ended.has(id)) return []
    const reason = part
      ? `shard ${part.index} of ${count} did not bring this cell to an end`
      : `${absent.length === 1 ? 'shard' : 'one of the shards'} ${absent.join(', ')} of ${count} is missing`
    const attempt = part?.attempts.get(id) ?? 1
    return [{ type: 'cell-ended', at, cell: id, attempt, status: 'miss', reason, durationMs: 0, boots: 0 }]
  })
}

function firstEvent(runId: string, parts: readonly Part[], cells: readonly CellSummary[]): EventOf<'run-started'> {
  const starts = parts.map(({ start }) => start)
  const at = starts.map((start) => start.at).reduce((a, b) => (a < b ? a : b))
  const all = (values: readonly string[]) => [...new Set(values)].sort().join(', ')
  const lead = starts[0]
  return {
    type: 'run-started',
    at,
    version: 1,
    runId,
    harness: all(starts.map(({ harness }) => harness)),
    argv: withoutShard(lead?.argv ?? []),
    host: { shards: `${parts.length} of ${parts[0]?.count}`, names: all(starts.map(({ host }) => host['name'] ?? '')) },
    cells: [...cells],
    excluded: lead?.excluded ?? [],
    ...(lead?.notSelected ? { notSelected: lead.notSelected } : {}),
    ...(lead?.plan === undefined ? {} : { plan: lead.plan }),
    ...(lead?.gate ? { gate: lead.gate } : {}),
  }
}

function withoutShard(argv: readonly string[]): string[] {
  return argv.filter(
    (word, index) => word !== '--shard' && argv[index - 1] !== '--shard' && !word.startsWith('--shard='),
  )
}

/** The same parts make a run of the same name. */
function nameOf(parts: readonly Part[]): string {
  const runs = parts.map(({ index, digest }) => `${index} ${digest}`).join('\n')
  const hash = createHash('sha256').update(runs).digest('hex').slice(0, 4)
  const at = parts.map(({ start }) => start.at).reduce((a, b) => (a < b ? a : b))
  const [day = '', time = ''] = at.split('T')
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${hash}`
}

/** Whether an event of a part is told again in the run that is made of it. */
export function isOfCell(event: RunEvent): boolean {
  return event.type !== 'run-started' && event.type !== 'run-resumed' && event.type !== 'run-ended'
}
