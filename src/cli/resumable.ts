import { dirname } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { recallRun, type RunRecord } from '../runner/run-record.ts'
import { streamEvents } from '../results/stream-events.ts'
import type { Command, OptionSpecs, OptionValues } from './command.ts'
import { parseCommandLine } from './parse.ts'
import { findRunFolder } from './runs.ts'

/** Options that may differ from those the run was begun with. */
const OWN: ReadonlySet<string> = new Set(['resume', 'reports-dir', 'concurrency', 'keep'])
/** Options whose work was done when the run was begun. */
const DONE: ReadonlySet<string> = new Set(['setup', 'yes', 'rebuild', 'dry-run'])

/** A run that was interrupted, ready to go on. */
export interface Resumable {
  record: RunRecord
  /** Folder that holds the folder of the run. */
  reportsDir: string
  /** The options it was begun with, and those that are given now. */
  options: OptionValues<OptionSpecs>
}

/**
 * Finds the run a user wants to go on with.
 * @returns the exit code of a run that has ended already
 * @throws ConfigError when there is no such run, this host did not begin it, or options would change what it tests
 */
export async function resumable(
  command: Command,
  reference: string,
  given: OptionValues<OptionSpecs>,
): Promise<Resumable | { ended: number; runDir: string }> {
  const other = Object.keys(given).find((name) => !OWN.has(name))
  if (other !== undefined) {
    throw new ConfigError(`--resume takes the cells and options of the run; --${other} would change them`, {
      hint: `leave out --${other}, or start another run`,
    })
  }
  const known = /^[\w.-]+$/.test(reference) ? await recallRun(reference) : undefined
  if (known) return begun(command, known, given)
  const runDir = await findRunFolder(reference, String(given['reports-dir'] ?? 'reports'))
  const { runId, exitCode } = await lastWords(runDir)
  const record = await recallRun(runId)
  if (record) return begun(command, record, given)
  if (exitCode !== undefined) return { ended: exitCode, runDir }
  throw new ConfigError(`the run ${runId} was not begun on this host, or its state is gone`, {
    hint: 'resume it where it was begun, with the same HARNESS_STATE_DIR',
  })
}

function begun(command: Command, record: RunRecord, given: OptionValues<OptionSpecs>): Resumable {
  const words = record.argv.slice(record.argv[0] === 'harness' ? 2 : 1)
  const former = Object.entries(parseCommandLine(command, words).options).filter(([name]) => !DONE.has(name))
  return { record, reportsDir: dirname(record.runDir), options: { ...Object.fromEntries(former), ...given } }
}

async function lastWords(runDir: string): Promise<{ runId: string; exitCode: number | undefined }> {
  let runId = ''
  let exitCode: number | undefined
  for await (const event of streamEvents(runDir)) {
    if (event.type === 'run-started') runId = event.runId
    else if (event.type === 'run-resumed') exitCode = undefined
    else if (event.type === 'run-ended') exitCode = event.exitCode
  }
  return { runId, exitCode }
}
