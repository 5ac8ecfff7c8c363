import { ConfigError } from '../core/errors.ts'
import { CELL_OPTIONS } from './cells.ts'
import { SHARD_OPTIONS } from './shard-option.ts'
import { DATABASE_OPTION } from './database-option.ts'

/** Options of `harness run`. */
export const RUN_OPTIONS = {
  ...CELL_OPTIONS,
  ...SHARD_OPTIONS,
  setup: { type: 'boolean', text: 'first install what this host lacks, after saying what that is and asking' },
  yes: { type: 'boolean', short: 'y', text: 'agree to --setup without being asked' },
  concurrency: {
    type: 'string',
    short: 'j',
    value: 'N',
    text: 'cells at the same time; default as the matrix says, else 2',
  },
  flaky: {
    type: 'string',
    choices: ['allow', 'block'],
    text: 'whether a cell that passes only when judged again makes the run fail; default as the matrix says, else allow',
  },
  keep: {
    type: 'string',
    choices: ['never', 'failed', 'always'],
    text: 'leave machines running for you to look at; default never. `harness sweep` removes them',
  },
  executor: {
    type: 'string',
    choices: ['local', 'queue'],
    text: 'who works on the cells: this process, or workers on any machine (`harness worker`); default local',
  },
  database: DATABASE_OPTION,
  resume: {
    type: 'string',
    value: 'RUN',
    text: 'go on with a run whose process was killed or cancelled: finished cells are not repeated, half-made machines are removed',
  },
  rebuild: { type: 'boolean', text: 'build the images of recipes again even when they are in the cache' },
  'reports-dir': { type: 'string', value: 'DIR', text: 'folder that gets a folder for this run; default ./reports' },
  'dry-run': { type: 'boolean', text: 'show what would be run, and launch nothing' },
} as const

/** How many cells at the same time. @throws ConfigError */
export function readConcurrency(text: string | undefined, matrix: number | undefined): number {
  if (text === undefined) return matrix ?? 2
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 500) return number
  throw new ConfigError(`--concurrency cannot be "${text}"`, { hint: 'give a whole number from 1 to 500' })
}
