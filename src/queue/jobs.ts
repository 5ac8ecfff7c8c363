import { harnessVersion } from '../runner/begin-run.ts'
import type { Database } from './database.ts'
import { loadBoss } from './packages.ts'

/** What a job says: where the cell stands. Everything else is in our own tables. */
export interface CellJob {
  runId: string
  cell: string
}

/** Cells that wait for a worker. A cell whose worker is not heard of for fifteen seconds waits again. */
export interface Jobs {
  add(jobs: readonly (CellJob & { lifetimeMs: number })[]): Promise<void>
  /** Takes cells, `concurrency` at a time. The signal of a cell fires when it was given to somebody else. */
  take(concurrency: number, work: (job: CellJob, signal: AbortSignal) => Promise<void>): Promise<void>
  /** Takes no more, and resolves when what was taken is done. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** A busy worker may be slow to say that it lives. */
const HEARTBEAT_SECONDS = 15
/** How often jobs without a heartbeat are looked for, by every process that has the queue open. */
const SUPERVISE_SECONDS = 3
const SAY_AGAIN_MS = 60_000
const LONGEST_JOB_SECONDS = 24 * 3600
/** More than a cell is ever tried: who gives a cell up is decided by workers, which say why. */
const RETRIES = 100

/** Opens the queue, and makes it when it is not there. */
export async function openJobs(database: Database, onWarning: (message: string) => void): Promise<Jobs> {
  const Boss = await loadBoss()
  const boss = new Boss({
    db: { executeSql: async (text, values) => ({ rows: await database.query(text, values) }) },
    schema: 'harness_jobs',
    schedule: false,
    reindex: false,
    monitorVacuum: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  })
  const said = { text: '', at: 0 }
  boss.on('error', ({ message }) => {
    // A database that is away is told by every look at it.
    const [text = ''] = message.split('\n')
    if (text === said.text && Date.now() - said.at < SAY_AGAIN_MS) return
    Object.assign(said, { text, at: Date.now() })
    onWarning(text)
  })
  // Only workers of the same version understand what is to be done.
  const queue = `cells-${await harnessVersion()}`
  await database.transaction(async (query) => {
    // Two that make the queue at the same moment in a new database: the schema is there twice for one of them.
    await query(`SELECT pg_advisory_xact_lock(hashtext('harness jobs'))`)
    await boss.start()
    await boss.createQueue(queue, {
      heartbeatSeconds: HEARTBEAT_SECONDS,
      retryLimit: RETRIES,
      deleteAfterSeconds: 3600,
    })
  })
  return {
    async add(jobs) {
      await boss.insert(
        queue,
        jobs.map(({ runId, cell, lifetimeMs }) => ({
          data: { runId, cell },
          expireInSeconds: Math.min(Math.ceil(lifetimeMs / 1000), LONGEST_JOB_SECONDS),
        })),
      )
    },
    async take(concurrency, work) {
      const options = {
        localConcurrency: concurrency,
        pollingIntervalSeconds: 0.5,
        heartbeatRefreshSeconds: HEARTBEAT_SECONDS / 6,
      }
      await boss.work<CellJob>(queue, options, async ([job]) => {
        if (job) await work(job.data, job.signal)
      })
    },
    drain: () => boss.offWork(queue, { wait: true }),
    close: () => boss.stop({ graceful: false, close: false }),
  }
}
