import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { stateDir } from '../core/paths.ts'
import type { Cell } from '../matrix/cell.ts'
import type { ShardOfPlan } from '../matrix/shard.ts'
import type { Waiver } from '../matrix/waivers.ts'
import type { SpendSettings } from './schedule/spend-settings.ts'

/**
 * What a run was asked to do, so that it can be resumed as it was begun, whatever has become of the matrix since.
 * It is kept with the ledgers and not with the report: options of platforms may be secret, and reports are published.
 */
export interface RunRecord {
  version: 1
  runId: string
  /** Absolute. */
  runDir: string
  /** The command line and where it was typed. */
  argv: string[]
  cwd: string
  concurrency: number
  cells: Cell[]
  excluded: { id: string; reason: string }[]
  waivers: Waiver[]
  flaky?: 'allow' | 'block'
  shard?: ShardOfPlan
  spend?: SpendSettings
  builtInChecks?: string[]
}

function pathOf(runId: string): string {
  return join(stateDir(), 'runs', `${runId}.json`)
}

/** Keeps the record until `forgetRun`. It is on disk when this resolves. */
export async function rememberRun(record: Omit<RunRecord, 'version'>): Promise<void> {
  const path = pathOf(record.runId)
  await mkdir(join(stateDir(), 'runs'), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify({ version: 1, ...record, runDir: resolve(record.runDir) }))
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await forgetOld()
}

/** Nobody goes on with a run after so long. */
const LONGEST_DAYS = 30

async function forgetOld(): Promise<void> {
  const folder = join(stateDir(), 'runs')
  const oldest = Date.now() - LONGEST_DAYS * 86_400_000
  for (const name of await readdir(folder)) {
    const info = await stat(join(folder, name)).catch(() => undefined)
    if (info && info.mtimeMs < oldest) await rm(join(folder, name), { force: true })
  }
}

/** The run has come to its end: there is nothing to resume. */
export async function forgetRun(runId: string): Promise<void> {
  await rm(pathOf(runId), { force: true })
}

/** What a run that did not come to its end was asked to do; undefined when this host knows of none. @throws ConfigError when it cannot be read */
export async function recallRun(runId: string): Promise<RunRecord | undefined> {
  const path = pathOf(runId)
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as RunRecord
  } catch (error) {
    throw new ConfigError(`cannot be read: ${(error as Error).message}`, { position: { file: path }, cause: error })
  }
}
