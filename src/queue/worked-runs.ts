import { join } from 'node:path'
import { PrerequisiteError, toErrorRecord } from '../core/errors.ts'
import { pause } from '../core/wait-until.ts'
import { findCheckFiles } from '../runner/checks/load-checks.ts'
import type { CellPlan } from '../runner/plan/plan.ts'
import type { CellEnd } from '../runner/cell/run-cell.ts'
import type { Entry } from '../runner/schedule/schedule.ts'
import { type Taken, takeCell } from './claims.ts'
import type { Database } from './database.ts'
import { fetchInputs } from './inputs.ts'
import type { CellJob } from './jobs.ts'
import { Outbox } from './outbox.ts'
import type { PostgresLeases } from './postgres-leases.ts'
import type { PostgresSpending } from './postgres-spending.ts'
import { WorkedRun } from './worked-run.ts'

/** A cell whose workers are lost so often is more likely to be the reason than they are. */
const MOST_CLAIMS = 3
/** A database that is away for longer has given the cell to somebody else. */
const PATIENCE_MS = 120_000
const AWAY_MS = 1000
/** Platforms stay open for a moment, because the next cell of the same run is likely. */
const LINGER_MS = 5000

/** What all workers of a database count together. */
interface WorkerCounts {
  leases: PostgresLeases
  spending: PostgresSpending
}

/** The runs a worker has a part in. */
export class WorkedRuns {
  readonly #database: Database
  readonly #counts: WorkerCounts
  readonly #name: string
  readonly #note: (text: string) => void
  readonly #runs = new Map<string, { run: Promise<WorkedRun>; cells: number }>()
  readonly #closing = new AbortController()
  #parts = 0

  constructor(database: Database, counts: WorkerCounts, name: string, note: (text: string) => void) {
    this.#database = database
    this.#counts = counts
    this.#name = name
    this.#note = note
  }

  /** Brings one cell to its final status, unless it is somebody else's by then. @throws when the database cannot be reached */
  async work(job: CellJob, signal: AbortSignal): Promise<void> {
    const taken = await takeCell(this.#database, job, this.#name)
    if (!taken) return
    const entry = this.#enter(taken)
    try {
      await this.#workOn(taken, await entry.run, signal)
    } finally {
      void this.#leave(job.runId, entry)
    }
  }

  /** Closes everything. Only when nothing is worked on. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#runs.values()].map(async ({ run }) => (await run).close()))
  }

  async #workOn(taken: Taken, run: WorkedRun, lost: AbortSignal): Promise<void> {
    const { claim } = taken
    const given = new AbortController()
    const outbox = new Outbox(this.#database, claim, { runDir: run.dir, past: taken.plan.past }, (why) => {
      this.#note(`${claim.cell}: ${why}`)
      given.abort()
    })
    const signal = AbortSignal.any([run.signal, given.signal, lost])
    const attempt = (taken.plan.past?.attempt ?? 0) + 1
    if (claim.claim > MOST_CLAIMS) {
      const reason = `${claim.claim - 1} workers were lost while they worked on this cell`
      outbox.emit({ type: 'cell-ended', cell: claim.cell, attempt, status: 'miss', reason, durationMs: 0, boots: 0 })
      await this.#counts.leases.giveUp(claim.runId, claim.cell)
      return await outbox.end({ status: 'miss', leaks: 0 })
    }
    this.#note(`${claim.cell}: begins${claim.claim > 1 ? `, after ${claim.claim - 1} lost workers` : ''}`)
    try {
      const cell = await fetchInputs(this.#database, claim.runId, taken.plan.cell, join(run.dir, 'inputs'))
      run.files.set(cell.id, await findCheckFiles(cell.checks))
      const plan = { ...taken.plan, cell }
      run.outboxes.set(cell.id, outbox)
      const left = claim.claim > 1 ? await run.work.removeLeftovers(plan) : []
      for (const { kind, id } of left) this.#note(`removed ${kind} ${id}`)
      const entry = await this.#admitted(run, plan, signal)
      if ('refused' in entry) return await outbox.end(run.gate.refuse(plan, entry.refused))
      const { end } = await run.work.cell(plan, { events: outbox, signal })
      const ended = await end
      await outbox.end(ended)
      // Units that cannot be given back now are free when the lease is over.
      await entry.leave(ended).catch((error: unknown) => this.#note(`${claim.cell}: ${(error as Error).message}`))
      this.#note(`${claim.cell}: ${ended.status}`)
    } catch (thrown) {
      const error = toErrorRecord(thrown)
      const status = error.blame === 'harness' ? 'error' : 'miss'
      const reason = `${this.#name}: ${error.message}`
      outbox.emit({ type: 'cell-ended', cell: claim.cell, attempt, status, reason, error, durationMs: 0, boots: 0 })
      await outbox.end({ status, leaks: 0 })
    } finally {
      run.outboxes.delete(claim.cell)
    }
  }

  /** Waits until the cell may begin. */
  async #admitted(
    run: WorkedRun,
    plan: CellPlan,
    signal: AbortSignal,
  ): Promise<Exclude<Entry<CellEnd>, { waitMs: number }>> {
    let awaySince: number | undefined
    for (;;) {
      if (signal.aborted) return { leave: async () => {} }
      try {
        const entry = await run.gate.enter(plan)
        if (!('waitMs' in entry)) return entry
        awaySince = undefined
        await pause(entry.waitMs, signal)
      } catch (error) {
        awaySince ??= performance.now()
        if (!(error instanceof PrerequisiteError) || performance.now() - awaySince > PATIENCE_MS) throw error
        await pause(AWAY_MS, signal)
      }
    }
  }

  #enter({ claim, settings }: Taken): { run: Promise<WorkedRun>; cells: number } {
    let entry = this.#runs.get(claim.runId)
    if (!entry) {
      const part = `${this.#name}-${++this.#parts}`
      entry = { run: WorkedRun.open(this.#database, claim.runId, settings, { part, counts: this.#counts }), cells: 0 }
      this.#runs.set(claim.runId, entry)
    }
    entry.cells++
    return entry
  }

  async #leave(runId: string, entry: { run: Promise<WorkedRun>; cells: number }): Promise<void> {
    if (--entry.cells > 0) return
    await pause(LINGER_MS, this.#closing.signal)
    if (entry.cells > 0 || this.#closing.signal.aborted || this.#runs.get(runId) !== entry) return
    this.#runs.delete(runId)
    await entry.run.then((run) => run.close()).catch(() => {})
  }
}
