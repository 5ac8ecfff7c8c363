/** How long an answer is good, milliseconds: the wait for a boot asks more often than a cloud lets itself be asked. */
const FRESH_MS = 1000

/** Remembers an answer of a cloud for a moment; questions at the same time are one. */
export class Asked<T> {
  readonly #ask: () => Promise<T>
  #at = Number.NEGATIVE_INFINITY
  #answer: Promise<T> | undefined

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  async now(): Promise<T> {
    if (this.#answer && performance.now() - this.#at < FRESH_MS) return await this.#answer
    const answer = this.#ask()
    this.note(answer)
    answer.catch(() => {
      if (this.#answer === answer) this.forget()
    })
    const value = await answer
    if (this.#answer !== answer) return value
    // What is new may not be known everywhere: that something is gone is asked twice.
    if (value === undefined) this.forget()
    // A slow answer is as fresh as a quick one.
    else this.#at = performance.now()
    return value
  }

  /** What was learned in another way. */
  note(answer: Promise<T>): void {
    this.#answer = answer
    this.#at = performance.now()
  }

  /** The next question is asked: something was changed. */
  forget(): void {
    this.#answer = undefined
  }
}
