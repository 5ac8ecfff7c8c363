import { createHash } from 'node:crypto'
import { ConfigError } from '../core/errors.ts'
import type { Cell } from './cell.ts'

/** One of `count` parts of a plan, from 1. */
export interface Shard {
  index: number
  count: number
}

/** A shard, and the plan it is a part of. */
export interface ShardOfPlan extends Shard {
  of: readonly Cell[]
  /** Names the times by which cells were given to shards. Absent: their hashes did. */
  times?: string
}

/** Reads `2/8`. @throws ConfigError */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text)
  const [index, count] = [Number(match?.[1]), Number(match?.[2])]
  if (index >= 1 && index <= count) return { index, count }
  throw new ConfigError(`--shard cannot be "${text}"`, { hint: 'write INDEX/COUNT, for example 2/8; the first is 1' })
}

/**
 * The cells of one shard, in the order of the plan. Every cell is in exactly one of the shards.
 * Without times the hash of its id decides, so a cell stays in its shard while others come and go;
 * with times the sums of the shards are near each other, and every shard must be given the same times.
 * @param times expected milliseconds by cell id; for others their median is expected
 */
export function cellsOfShard(cells: readonly Cell[], shard: Shard, times?: ReadonlyMap<string, number>): Cell[] {
  const own = times
    ? balanced(cells, shard.count, times)
    : new Map(cells.map(({ id }) => [id, hashed(id, shard.count)]))
  return cells.filter(({ id }) => own.get(id) === shard.index)
}

function hashed(id: string, count: number): number {
  return (createHash('sha256').update(id).digest().readUInt32BE(0) % count) + 1
}

/** The longest cell goes where least is expected so far. */
function balanced(cells: readonly Cell[], count: number, times: ReadonlyMap<string, number>): Map<string, number> {
  const known = [...times.values()].sort((a, b) => a - b)
  const usual = known[known.length >> 1] ?? 1
  const expected = cells.map(({ id }) => ({ id, ms: Math.max(1, times.get(id) ?? usual) }))
  expected.sort((a, b) => b.ms - a.ms || (a.id < b.id ? -1 : 1))
  const sums = Array.from({ length: count }, () => 0)
  const shards = new Map<string, number>()
  for (const { id, ms } of expected) {
    const least = sums.indexOf(Math.min(...sums))
    sums[least] = (sums[least] ?? 0) + ms
    shards.set(id, least + 1)
  }
  return shards
}

const OF_HOST: ReadonlySet<string> = new Set([
  'platformOptions',
  'checks',
  'environment',
  'imageReference',
  'agentSource',
  'onlyChecksAt',
] satisfies (keyof Cell)[])

/**
 * Names a plan: equal for equal cells with equal settings, on whatever host and in whatever order, since the history of a host
 * may change that. Paths and options of platforms, which differ from host to host, and secrets, which must not leave it, are not
 * part of it.
 */
export function planDigest(cells: readonly Cell[], more: Readonly<Record<string, unknown>> = {}): string {
  const sorted = [...cells].sort((a, b) => (a.id < b.id ? -1 : 1))
  const telling = sorted.map((cell) => Object.fromEntries(Object.entries(cell).filter(([key]) => !OF_HOST.has(key))))
  return `sha256:${createHash('sha256')
    .update(canonical({ ...more, cells: telling }))
    .digest('hex')}`
}

/** JSON whose keys are sorted. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}
