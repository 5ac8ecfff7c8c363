import { RE2JSException, RE2Set } from 're2js'
import { ConfigError } from '../core/errors.ts'

/**
 * Matches many patterns against a line at once, in time linear in the length of the line whatever the line says.
 * A backtracking engine would let a guest that knows our rules stall the harness with one crafted line.
 */
export class LineMatcher {
  readonly #set = new RE2Set()

  /** @throws ConfigError when a pattern is not a regular expression that RE2 knows: no look-around, no back-references. */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      try {
        this.#set.add(pattern)
      } catch (error) {
        if (!(error instanceof RE2JSException)) throw error
        throw new ConfigError(`pattern ${JSON.stringify(pattern)}: ${error.message}`, {
          hint: 'write an extended regular expression, as for `grep -E`',
          cause: error,
        })
      }
    }
    this.#set.compile()
  }

  /** Indexes of the patterns that occur in `line`, ascending. */
  match(line: string): number[] {
    return this.#set.match(line).toSorted((a, b) => a - b)
  }
}
