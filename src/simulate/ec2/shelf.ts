import { ApiError } from './api-error.ts'

interface Entry<T> {
  item: T
  visibleAt: number
}

/** Resources of one kind in one region. What is new is unknown to other calls for a moment. */
export class Shelf<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #missing: string
  readonly #what: string
  readonly #clock: { now: () => number; delayMs: () => number }

  constructor(missing: string, what: string, clock: { now: () => number; delayMs: () => number }) {
    this.#missing = missing
    this.#what = what
    this.#clock = clock
  }

  add(id: string, item: T, delayMs = this.#clock.delayMs()): T {
    this.#entries.set(id, { item, visibleAt: this.#clock.now() + delayMs })
    return item
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }

  /** Also what is not visible yet: for the simulator itself. */
  peek(id: string): T | undefined {
    return this.#entries.get(id)?.item
  }

  /** @throws ApiError NotFound */
  get(id: string | undefined): T {
    const entry = this.#entries.get(id ?? '')
    if (!entry || entry.visibleAt > this.#clock.now())
      throw new ApiError(this.#missing, `The ${this.#what} ID '${id}' does not exist`)
    return entry.item
  }

  /** Those with the ids given, else all that are visible. @throws ApiError NotFound */
  list(ids?: readonly string[]): T[] {
    if (ids && ids.length > 0) return ids.map((id) => this.get(id))
    const now = this.#clock.now()
    return [...this.#entries.values()].filter(({ visibleAt }) => visibleAt <= now).map(({ item }) => item)
  }

  /** All, visible or not. */
  all(): T[] {
    return [...this.#entries.values()].map(({ item }) => item)
  }
}
