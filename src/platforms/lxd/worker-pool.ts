import { TransportError } from '../../core/errors.ts'
import type { CommandShell } from './command-shell.ts'

interface Waiter {
  take: (shell: CommandShell | undefined) => void
  fail: (error: unknown) => void
}

/** Shells open at once on one machine. More commands than this wait for a free one. */
const MAX_SHELLS = 32
/** Shells kept open while nothing runs. */
const KEEP_IDLE = 4
/** Shells being started at once: each costs the host some 15 ms of processor time. */
const MAX_STARTING = 2
/** Beyond those kept, another shell is started only for a command that waited this long for one. */
const PATIENCE_MS = 150
/** A shell is replaced after so many commands. */
const MAX_USES = 2000

/** Shells of one machine, started when needed and used again. */
export class WorkerPool {
  readonly #start: () => Promise<CommandShell | undefined>
  readonly #idle: CommandShell[] = []
  readonly #all = new Set<CommandShell>()
  readonly #waiting: Waiter[] = []
  #starting = 0
  #patience: NodeJS.Timeout | undefined
  #unsupported = false
  #closed = false

  constructor(start: () => Promise<CommandShell | undefined>) {
    this.#start = start
  }

  /** A shell for one command, or undefined where the machine cannot have such shells. Give it back with `release`. */
  async acquire(signal: AbortSignal): Promise<CommandShell | undefined> {
    if (this.#closed) throw closedError()
    if (this.#unsupported) return undefined
    for (let shell = this.#idle.pop(); shell; shell = this.#idle.pop()) {
      if (!shell.closed) return shell
      this.#all.delete(shell)
    }
    return new Promise((take, fail) => {
      const waiter: Waiter = { take, fail }
      const leave = () => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        fail(signal.reason)
      }
      if (signal.aborted) return fail(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      const settled = () => signal.removeEventListener('abort', leave)
      waiter.take = (shell) => (settled(), take(shell))
      waiter.fail = (error) => (settled(), fail(error))
      this.#waiting.push(waiter)
      this.#grow(KEEP_IDLE)
      this.#patience ??= setTimeout(() => this.#impatient(), PATIENCE_MS)
    })
  }

  release(shell: CommandShell, reusable: boolean): void {
    if (!reusable || shell.closed || shell.uses >= MAX_USES || this.#closed) this.#drop(shell)
    else {
      const waiter = this.#waiting.shift()
      if (waiter) waiter.take(shell)
      else if (this.#idle.length >= KEEP_IDLE) this.#drop(shell)
      else this.#idle.push(shell)
    }
    this.#grow(KEEP_IDLE)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#patience)
    for (const shell of this.#all) shell.close()
    this.#all.clear()
    this.#idle.length = 0
    for (const waiter of this.#waiting.splice(0)) waiter.fail(closedError())
  }

  #drop(shell: CommandShell): void {
    shell.close()
    this.#all.delete(shell)
  }

  #impatient(): void {
    this.#patience = undefined
    if (this.#waiting.length === 0 || this.#closed) return
    this.#grow(MAX_SHELLS)
    this.#patience = setTimeout(() => this.#impatient(), PATIENCE_MS)
  }

  #grow(limit: number): void {
    while (
      this.#starting < Math.min(MAX_STARTING, this.#waiting.length) &&
      this.#all.size + this.#starting < limit &&
      !this.#closed
    ) {
      this.#starting += 1
      void this.#startOne()
    }
  }

  async #startOne(): Promise<void> {
    try {
      const shell = await this.#start()
      this.#starting -= 1
      if (shell) {
        this.#all.add(shell)
        this.release(shell, true)
      } else {
        this.#unsupported = true
        for (const waiter of this.#waiting.splice(0)) waiter.take(undefined)
      }
    } catch (error) {
      this.#starting -= 1
      // Others in the queue may still be served by shells that live; without any, all would fail alike.
      const failed = this.#all.size > 0 ? this.#waiting.splice(0, 1) : this.#waiting.splice(0)
      for (const waiter of failed) waiter.fail(error)
      this.#grow(KEEP_IDLE)
    }
  }
}

function closedError(): TransportError {
  return new TransportError('lost', 'the line was closed')
}
