import { chmodSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PrerequisiteError } from './errors.ts'
import { stateDir } from './paths.ts'

/** Milliseconds a process waits for the others; each of their transactions takes about one. */
const BUSY_MS = 30_000

/**
 * Opens a small database in the state directory that all runs of this host share, and makes its tables.
 * It survives `kill -9` of any of them.
 * @param durable whether a commit must also survive a loss of power
 * @throws PrerequisiteError when it cannot be opened
 */
export function openStateDatabase(name: string, tables: string, options: { durable: boolean }): DatabaseSync {
  const path = join(stateDir(), name)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const database = new DatabaseSync(path, { timeout: BUSY_MS })
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.durable ? 'FULL' : 'NORMAL'}; ${tables}`)
    chmodSync(path, 0o600)
    return database
  } catch (error) {
    throw new PrerequisiteError(`${path} cannot be used: ${(error as Error).message}`, {
      hint: 'free some space, or set HARNESS_STATE_DIR to a folder on a local disk that can be written',
      cause: error,
    })
  }
}

/** Runs `work` while no other process can write, and keeps what it wrote only when it returns. */
export function exclusively<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const value = work()
    database.exec('COMMIT')
    return value
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
