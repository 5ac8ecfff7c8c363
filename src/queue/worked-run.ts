import { rm } from 'node:fs/promises'
import { makeTempDir } from '../core/temp-dir.ts'
import { pause } from '../core/wait-until.ts'
import type { EventSink } from '../runner/event-log.ts'
import { Gate, type SharedCounts } from '../runner/schedule/gate.ts'
import type { CheckFiles } from '../runner/checks/load-checks.ts'
import { LocalWork } from '../runner/schedule/local-executor.ts'
import { Paces } from '../runner/schedule/paces.ts'
import type { Database } from './database.ts'
import { isWanted, type RunSettings } from './run-row.ts'

const LOOK_MS = 2000

type Parts = Pick<WorkedRun, 'dir' | 'work' | 'files' | 'outboxes' | 'gate' | 'signal'>

/** What the cells of one run share in a worker. */
export class WorkedRun {
  /** Stands for the folder of the run until files were sent. */
  readonly dir: string
  readonly work: LocalWork
  /** Files with checks, by cell. */
  readonly files: Map<string, CheckFiles>
  /** Who hears of what is said about a cell, by cell. */
  readonly outboxes: Map<string, EventSink>
  /** Decides when a cell may begin. */
  readonly gate: Gate
  /** Fires when nobody wants the run any more. */
  readonly signal: AbortSignal
  readonly #closed: AbortController

  private constructor(parts: Parts, closed: AbortController) {
    this.dir = parts.dir
    this.work = parts.work
    this.files = parts.files
    this.outboxes = parts.outboxes
    this.gate = parts.gate
    this.signal = parts.signal
    this.#closed = closed
  }

  static async open(
    database: Database,
    runId: string,
    settings: RunSettings,
    own: { part: string; counts: SharedCounts },
  ): Promise<WorkedRun> {
    const dir = await makeTempDir('worker')
    const files = new Map<string, CheckFiles>()
    const unwanted = new AbortController()
    const closed = new AbortController()
    const { signal } = unwanted
    const checksOf = ({ id }: { id: string }) => ({
      files: files.get(id) ?? { modules: [], scripts: [] },
      checks: new Map(),
    })
    const outboxes = new Map<string, EventSink>()
    const events: EventSink = {
      emit: (event) => {
        if ('cell' in event) outboxes.get(event.cell)?.emit(event)
      },
    }
    const order = { runId, runDir: dir, events, ...settings, signal, checksOf }
    const paces = new Paces()
    const work = await LocalWork.open(order, own.part, paces)
    const gate = new Gate(order, paces, own.counts)
    const run = new WorkedRun({ dir, work, files, outboxes, gate, signal }, closed)
    void watch(database, runId, unwanted, closed.signal)
    return run
  }

  /** Only when none of its cells is worked on. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.work.close()
    this.gate.close()
    await rm(this.dir, { recursive: true, force: true })
  }
}

/** Looks whether somebody still waits for the run. A database that does not answer says nothing about that. */
async function watch(database: Database, runId: string, unwanted: AbortController, closed: AbortSignal): Promise<void> {
  while (!closed.aborted && !unwanted.signal.aborted) {
    await pause(LOOK_MS, closed)
    if (closed.aborted) return
    if (!(await isWanted(database, runId).catch(() => true))) unwanted.abort()
  }
}
