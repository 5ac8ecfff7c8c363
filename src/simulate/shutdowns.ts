import { pause } from '../core/wait-until.ts'
import type { Backend } from './backend.ts'

/** How often machines are looked at, milliseconds. */
const WATCH_MS = 1000

/** Tells guests that went down by themselves from those that reboot, which are off for a moment too. */
export class Shutdowns {
  readonly #backend: Backend
  /** When a machine was first seen off, and never on since; milliseconds of this process. */
  readonly #offSince = new Map<string, number>()

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** Whether a machine that should run does not, and will not by itself: `stopped`, or `gone`. Undefined while it runs or may be rebooting. */
  async of(id: string): Promise<'stopped' | 'gone' | undefined> {
    const state = await this.#backend.state(id)
    if (state !== 'stopped') {
      this.#offSince.delete(id)
      return state === 'gone' ? 'gone' : undefined
    }
    const now = performance.now()
    const since = this.#offSince.get(id) ?? now
    this.#offSince.set(id, since)
    return now - since >= this.#backend.rebootMs ? 'stopped' : undefined
  }

  /** Forgets what was seen, when the cloud itself changes the power of a machine. */
  forget(id: string): void {
    this.#offSince.delete(id)
  }
}

/** Looks again and again until it is disposed; a look that fails is not the last. */
export function watchMachines(look: () => Promise<unknown>): AsyncDisposable {
  const ending = new AbortController()
  const watch = async () => {
    while (!ending.signal.aborted) {
      await pause(WATCH_MS, ending.signal)
      if (!ending.signal.aborted) await look().catch(() => undefined)
    }
  }
  const watching = watch()
  return {
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      await watching
    },
  }
}
