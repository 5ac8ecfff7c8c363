import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Counts a whole test run, and remembers why each test was skipped and what passed only when it was tried again. */
export class SummaryReporter implements Reporter {
  passed = 0
  failed = 0
  skipped = 0
  readonly #reasons = new Map<string, number>()
  readonly #flaky: string[] = []

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.failed += unhandled.length
    for (const module of modules) {
      // A file that cannot be loaded has no tests to fail.
      if (module.errors().length > 0) this.failed += 1
      for (const suite of module.children.allSuites()) this.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (test.diagnostic()?.flaky) this.#flaky.push(`${test.fullName}: ${firstLine(result.errors?.[0]?.message)}`)
        if (result.state === 'passed') this.passed += 1
        else if (result.state === 'failed') this.failed += 1
        else this.#skip(reasonOf(test.fullName, result.state === 'skipped' ? result.note : undefined))
      }
    }
  }

  /** Skips with their reasons, what is flaky, then one line of numbers. */
  text(): string {
    const reasons = [...this.#reasons].sort((a, b) => b[1] - a[1])
    const lines = reasons.map(([reason, count]) => `skipped ${count}: ${reason}`)
    const flaky = this.#flaky.map((test) => `flaky: ${test}`)
    const again = flaky.length > 0 ? ` (${flaky.length} flaky)` : ''
    const numbers = `${this.passed} passed${again}, ${this.failed} failed, ${this.skipped} skipped`
    return [...lines, ...flaky, numbers].join('\n')
  }

  #skip(reason: string): void {
    this.skipped += 1
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }
}

/** The note of a test that skipped itself, or the part in parentheses of a name: `... (skipped: no LXD here: harness setup)`. */
function reasonOf(fullName: string, note: string | undefined): string {
  const inName = (pattern: RegExp) => pattern.exec(fullName)?.[1]
  return note ?? inName(/\(skipped: (.+?)\)(?= > |$)/) ?? inName(/\((?:needs )?(.+?)\)(?= > |$)/) ?? fullName
}

const firstLine = (message = 'no reason') => message.split('\n', 1)[0]?.slice(0, 200)
