/** Work nobody waits for at once, but everybody before the end. */
export class Background {
  readonly #open = new Set<Promise<void>>()

  /** Takes a promise that never rejects. */
  add(work: Promise<void>): void {
    this.#open.add(work)
    void work.finally(() => this.#open.delete(work))
  }

  /** Resolves when nothing is left. */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }
}
