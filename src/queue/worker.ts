import { hostname } from 'node:os'
import { pause } from '../core/wait-until.ts'
import { sweep } from '../runner/sweep/sweep.ts'
import { openDatabase } from './database.ts'
import { type CellJob, openJobs } from './jobs.ts'
import { PostgresLeases } from './postgres-leases.ts'
import { PostgresSpending } from './postgres-spending.ts'
import { makeTables } from './tables.ts'
import { WorkedRuns } from './worked-runs.ts'

export interface WorkerOptions {
  /** `postgresql://user@host/database`. */
  url: string
  /** Cells at the same time. */
  concurrency: number
  /** Default the name of the host and the process id. */
  name?: string
  /** When it fires, the cells that are worked on are finished and no more are taken. */
  drain: AbortSignal
  onNote?: (text: string) => void
}

/**
 * Works on cells of whoever queues them, until it is drained.
 * @throws ConfigError, PrerequisiteError when there is no such database or it cannot be used
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { concurrency, drain, onNote: note = () => {} } = options
  const name = options.name ?? `${hostname()}-${process.pid}`
  const database = await openDatabase(options.url)
  try {
    await makeTables(database)
    const swept = await sweep({ workersOnly: true })
    for (const { platform, id, outcome } of swept.items) note(`${outcome} what a lost worker left: ${platform} ${id}`)
    const jobs = await openJobs(database, note)
    const leases = await PostgresLeases.open(database, name)
    const spending = await PostgresSpending.open(database)
    const runs = new WorkedRuns(database, { leases, spending }, name, note)
    const active = new Set<Promise<void>>()
    await jobs.take(concurrency, async (job: CellJob, signal: AbortSignal) => {
      const work = runs.work(job, signal)
      active.add(work)
      await work.finally(() => active.delete(work))
    })
    note(`${name} takes ${concurrency} ${concurrency === 1 ? 'cell' : 'cells'} at a time from ${database.shownUrl}`)
    await untilAborted(drain)
    note(active.size === 0 ? 'nothing to finish' : `finishing ${active.size} ${active.size === 1 ? 'cell' : 'cells'}`)
    await jobs.drain()
    // A cell that was given to somebody else is still being cleaned up here.
    await Promise.allSettled(active)
    await runs.close()
    leases.close()
    await jobs.close()
  } finally {
    await database.close()
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await pause(60_000, signal)
}
