import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Counts a whole test run and remembers why each test was skipped. */
export class SummaryReporter implements Reporter {
  passed = 0
  failed = 0
  skipped = 0
  readonly #reasons = new Map<string, number>()

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.failed += unhandled.length
    for (const module of modules) {
      // A file that cannot be loaded has no tests to fail.
      if (module.errors().length > 0) this.failed += 1
      for (const suite of module.children.allSuites()) this.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') this.passed += 1
        else if (result.state === 'failed') this.failed += 1
        else this.#skip(reasonOf(test.fullName, result.state === 'skipped' ? result.note : undefined))
      }
    }
  }

  /** Skips with their reasons, then one line of numbers. */
  text(): string {
    const reasons = [...this.#reasons].sort((a, b) => b[1] - a[1])
    const lines = reasons.map(([reason, count]) => `skipped ${count}: ${reason}`)
    return [...lines, `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`].join('\n')
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
