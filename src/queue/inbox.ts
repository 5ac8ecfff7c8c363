import { mkdirSync, openSync, closeSync, writeSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { RunEvent } from '../results/event.ts'
import type { NewEvent } from '../runner/event-log.ts'
import type { CellEnd } from '../runner/cell/run-cell.ts'
import type { RunOrder } from '../runner/run-context.ts'
import type { Message, Received } from './messages.ts'

interface OpenAttempt {
  attempt: number
  startedAt: string
}

/** Takes what workers say into the report of the run. */
export class Inbox {
  readonly #order: Pick<RunOrder, 'runDir' | 'events'>
  readonly #open = new Map<string, OpenAttempt>()
  readonly #workers = new Map<string, string>()
  readonly #ends = new Map<string, CellEnd>()

  constructor(order: Pick<RunOrder, 'runDir' | 'events'>) {
    this.#order = order
  }

  /** Ends of cells, by id. */
  get ends(): ReadonlyMap<string, CellEnd> {
    return this.#ends
  }

  /** Whether any worker has taken a cell. */
  get hasWorkers(): boolean {
    return this.#workers.size > 0
  }

  take({ cell, message }: Received): void {
    // Whatever is said after its end is of no use to anybody.
    if (this.#ends.has(cell)) return
    if (message.kind === 'claimed') this.#claimed(cell, message.worker)
    else if (message.kind === 'events') for (const event of message.events) this.#event(cell, event)
    else if (message.kind === 'file') this.#file(cell, message)
    else this.end(cell, message.end)
  }

  /** Gives a cell its end. */
  end(cell: string, end: CellEnd): void {
    this.#ends.set(cell, end)
    this.#open.delete(cell)
  }

  /** Ends a cell of which nothing more will be heard. `cancelled`: a run that is resumed works on it again. */
  giveUp(cell: string, reason: string, cancelled: boolean): void {
    const open = this.#open.get(cell)
    this.#order.events.emit({
      type: 'cell-ended',
      cell,
      attempt: open?.attempt ?? 1,
      status: 'miss',
      reason,
      durationMs: open ? Math.max(0, Date.now() - Date.parse(open.startedAt)) : 0,
      boots: 0,
      ...(cancelled ? { cancelled: true } : {}),
    })
    this.end(cell, { status: 'miss', leaks: 0 })
  }

  #claimed(cell: string, worker: string): void {
    const before = this.#workers.get(cell)
    this.#workers.set(cell, worker)
    if (before === undefined) return
    const { attempt = 1 } = this.#open.get(cell) ?? {}
    const message = `the worker ${before} was lost; ${worker} goes on with the cell`
    this.#order.events.emit({ type: 'warning', cell, attempt, message })
  }

  #event(cell: string, event: RunEvent): void {
    if (!('cell' in event) || event.cell !== cell) return
    if (event.type === 'cell-started') this.#open.set(cell, { attempt: event.attempt, startedAt: event.at })
    if (event.type === 'cell-ended') this.#open.delete(cell)
    // The time is the worker's: how long something took is told by one clock.
    this.#order.events.emit(event as NewEvent)
  }

  /** A worker may only write below the folder of its cell, whatever it calls a file. */
  #file(cell: string, { path, offset, data }: Extract<Message, { kind: 'file' }>): void {
    const folder = join('cells', cell)
    if (normalize(path) !== path || !path.startsWith(`${folder}/`) || path.includes('\0')) return
    const file = join(this.#order.runDir, path)
    try {
      mkdirSync(dirname(file), { recursive: true })
      const fd = openSync(file, offset === 0 ? 'w' : 'r+')
      try {
        for (let written = 0; written < data.length;)
          written += writeSync(fd, data, written, data.length - written, offset + written)
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      const { attempt = 1 } = this.#open.get(cell) ?? {}
      const message = `${path} could not be written: ${(error as Error).message}`
      this.#order.events.emit({ type: 'warning', cell, attempt, message })
    }
  }
}
