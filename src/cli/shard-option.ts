import { ConfigError } from '../core/errors.ts'
import type { Cell } from '../matrix/cell.ts'
import { readTimes } from '../matrix/shard-times.ts'
import { cellsOfShard, parseShard, type ShardOfPlan } from '../matrix/shard.ts'

/** Options of a run that is one of several parts of a plan. */
export const SHARD_OPTIONS = {
  shard: {
    type: 'string',
    value: 'I/N',
    text: 'run only part I of N of the cells; `harness merge` makes one run of all parts',
  },
  'shard-times': {
    type: 'string',
    value: 'FILE',
    text: 'with --shard: parts of about equal length, by what `harness history --times` printed; the same file for all parts',
  },
  blob: { type: 'string', value: 'FILE', text: 'also write events and logs into one file, for `harness merge`' },
} as const

/** The part of the cells this run is to work on. @throws ConfigError */
export async function ownShard(
  cells: readonly Cell[],
  options: { shard?: string; 'shard-times'?: string },
): Promise<{ cells: Cell[]; shard?: ShardOfPlan }> {
  const file = options['shard-times']
  if (options.shard === undefined) {
    if (file !== undefined) throw new ConfigError('--shard-times needs --shard')
    return { cells: [...cells] }
  }
  const shard = parseShard(options.shard)
  const times = file === undefined ? undefined : await readTimes(file)
  return {
    cells: cellsOfShard(cells, shard, times?.cells),
    shard: { ...shard, of: cells, ...(times ? { times: times.digest } : {}) },
  }
}
