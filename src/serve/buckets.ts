/** Lets everybody do something now and then, and a few times at once. */
export class Buckets {
  readonly #burst: number
  readonly #perMs: number
  readonly #levels = new Map<string, { level: number; at: number }>()

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perMs = perSecond / 1000
  }

  /** Takes one. @returns 0, or milliseconds until there is one again */
  take(who: string, now: number): number {
    const known = this.#levels.get(who) ?? { level: this.#burst, at: now }
    const level = Math.min(this.#burst, known.level + (now - known.at) * this.#perMs)
    if (level < 1) return Math.ceil((1 - level) / this.#perMs)
    this.#levels.set(who, { level: level - 1, at: now })
    if (this.#levels.size > MOST_KNOWN) this.#forget(now)
    return 0
  }

  /** Those who have waited long enough are as good as new. */
  #forget(now: number): void {
    for (const [who, { level, at }] of this.#levels)
      if (level + (now - at) * this.#perMs >= this.#burst) this.#levels.delete(who)
    // Ever new addresses must not fill the memory.
    if (this.#levels.size > MOST_KNOWN) this.#levels.clear()
  }
}

const MOST_KNOWN = 20_000
