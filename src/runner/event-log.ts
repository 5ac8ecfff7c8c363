import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { PrerequisiteError } from '../core/errors.ts'
import { withoutSecrets } from '../core/redact.ts'
import type { RunEvent } from '../results/event.ts'

// `Omit` over a union would keep only what all members share.
type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never

/** An event before it is written. */
export type NewEvent = Unstamped<RunEvent>

/** Takes the events of a run. Never throws. */
export interface EventSink {
  emit(event: NewEvent): void
}

/**
 * Writes `events.jsonl`: each event is one write of one whole line, so a killed run leaves at most its last line cut.
 * Listeners see an event after it is written.
 */
export class EventLog implements EventSink {
  readonly path: string
  readonly #fd: number
  readonly #listen: (event: RunEvent) => void
  readonly #onFailure: () => void
  #failure: PrerequisiteError | undefined
  #torn = false

  /**
   * `onFailure` is called once, at the first event that cannot be written.
   * @param goOn writes after the events of a process that is gone, whose last line may be cut
   * @throws PrerequisiteError when the file cannot be made, or exists and is not to be gone on with
   */
  constructor(path: string, listen: (event: RunEvent) => void, onFailure: () => void = () => {}, goOn = false) {
    this.path = path
    this.#listen = listen
    this.#onFailure = onFailure
    try {
      this.#fd = openSync(path, goOn ? 'a+' : 'ax')
      this.#torn = goOn && !endsWithLine(this.#fd)
    } catch (error) {
      throw unwritable(path, error)
    }
  }

  /** Set when an event could not be written: the run must end, but what it made must still be removed. */
  get failure(): PrerequisiteError | undefined {
    return this.#failure
  }

  emit(event: NewEvent): void {
    const stamped = withoutSecrets({ at: new Date().toISOString(), ...event } as RunEvent)
    // What follows a line that was cut begins on a line of its own.
    const line = Buffer.from(`${this.#torn ? '\n' : ''}${JSON.stringify(stamped)}\n`)
    let written = 0
    try {
      while (written < line.length) written += writeSync(this.#fd, line, written)
      this.#torn = false
    } catch (error) {
      this.#torn ||= written > 0
      this.#fail(unwritable(this.path, error))
    }
    this.#listen(stamped)
  }

  #fail(failure: PrerequisiteError): void {
    if (this.#failure) return
    this.#failure = failure
    this.#onFailure()
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function endsWithLine(fd: number): boolean {
  const { size } = fstatSync(fd)
  const last = Buffer.alloc(1)
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() === '\n')
}

function unwritable(path: string, error: unknown): PrerequisiteError {
  return new PrerequisiteError(`${path} cannot be written: ${(error as Error).message}`, {
    hint: 'free some space, or give another folder with --reports-dir',
    cause: error,
  })
}
