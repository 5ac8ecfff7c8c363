import { CancelledError, PlatformError } from '../core/errors.ts'
import { pause } from '../core/wait-until.ts'

export interface PaceOptions {
  /** Milliseconds of the first wait after a refusal; each further one doubles it. Default 2,000. */
  firstWaitMs?: number
  /** Default two minutes. */
  longestWaitMs?: number
  /** From 0 to 1; spreads waits so that callers do not return all at once. For tests. Default `Math.random`. */
  random?: () => number
  /** For tests. Default `Date.now`. */
  now?: () => number
}

/** What changed because the platform refused a call. */
export interface SlowDown {
  /** Cells at the same time from now on. */
  cells: number
  waitMs: number
}

/**
 * How fast one platform in one region is asked for things. A refusal halves the number of cells at the same time and makes everybody wait,
 * longer each time in a row; every cell that gets through lets in a little more again.
 */
export class Pace {
  readonly #options: Required<PaceOptions>
  #most = Number.POSITIVE_INFINITY
  #running = 0
  #waitMs = 0
  #until = 0

  constructor(options: PaceOptions = {}) {
    this.#options = { firstWaitMs: 2000, longestWaitMs: 120_000, random: Math.random, now: Date.now, ...options }
  }

  /** Milliseconds until it is worth asking whether another cell may start; 0 when it may. */
  get holdMs(): number {
    const wait = Math.max(0, this.#until - this.#options.now())
    return wait > 0 ? wait : this.#running < Math.floor(this.#most) ? 0 : this.#options.firstWaitMs
  }

  /** Cells at the same time; infinite until the first refusal. */
  get most(): number {
    return this.#most
  }

  /** Counts a cell until the function it returns is called. */
  enter(): () => void {
    this.#running++
    let inside = true
    return () => {
      if (inside) this.#running--
      inside = false
    }
  }

  /**
   * Calls the platform, and again after a wait for as long as it answers that it is asked too often.
   * @param onSlowDown told of every refusal that slows everybody down
   * @throws what the call throws; the refusal itself when `signal` fires while waiting
   */
  async call<T>(
    work: () => Promise<T>,
    options: { signal?: AbortSignal; onSlowDown?: (change: SlowDown) => void } = {},
  ): Promise<T> {
    const { signal, onSlowDown } = options
    for (;;) {
      if (signal?.aborted) throw new CancelledError('cancelled before the platform was asked')
      await this.#turn(signal)
      const asked = this.#options.now()
      try {
        const value = await work()
        this.#succeeded()
        return value
      } catch (error) {
        if (!isThrottled(error) || signal?.aborted) throw error
        const change = this.#refused(asked)
        if (change) onSlowDown?.(change)
        await this.#turn(signal)
        if (signal?.aborted) throw error
      }
    }
  }

  async #turn(signal?: AbortSignal): Promise<void> {
    while (this.#until > this.#options.now() && !signal?.aborted) await pause(this.#until - this.#options.now(), signal)
  }

  /** Calls that were under way when the first was refused tell nothing new. */
  #refused(asked: number): SlowDown | undefined {
    const { now, random, firstWaitMs, longestWaitMs } = this.#options
    if (asked < this.#until || this.#until > now()) return undefined
    this.#waitMs = Math.min(longestWaitMs, Math.max(firstWaitMs, this.#waitMs * 2))
    const waitMs = Math.round(this.#waitMs * (0.75 + random() / 2))
    this.#until = now() + waitMs
    this.#most = Math.max(1, Math.floor(Math.min(this.#most, Math.max(this.#running, 1)) / 2))
    return { cells: this.#most, waitMs }
  }

  #succeeded(): void {
    this.#waitMs = Math.floor(this.#waitMs / 2)
    this.#most += 1 / this.#most
  }
}

/** Whether an error says that the platform was asked too often, also where a cleanup reports it as its cause. */
export function isThrottled(error: unknown): boolean {
  if (error instanceof PlatformError) return error.kind === 'throttled'
  return error instanceof Error && error.cause !== undefined && isThrottled(error.cause)
}
