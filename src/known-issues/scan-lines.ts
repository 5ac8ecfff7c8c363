import { setImmediate } from 'node:timers/promises'
import { redact } from '../core/redact.ts'
import { cleanText } from '../core/text.ts'
import { LONGEST_LINE, type IssuePattern } from './issue-pattern.ts'

/** What a text says about one issue. */
export interface Sighting {
  pattern: IssuePattern
  /** How many lines match; 0 when none does. */
  count: number
  /** The first of them, counted from 1, and its text: cleaned, masked and capped, not escaped. */
  line?: number
  excerpt?: string
  /** Set when its time was used up before the text was read to its end. */
  gaveUp?: true
}

export interface ScanLimits {
  /** Time one issue may take for one text. Default 2 seconds. */
  issueMs?: number
  /** For tests. */
  now?: () => number
}

/** Other work of the process waits no longer than this, and one line. */
const TURN_MS = 20
const LONGEST_EXCERPT = 500

/**
 * Looks for issues in a text that comes in pieces of any size, so that a large log is never in memory.
 * No pattern and no text can stall the process: patterns take linear time, lines are cut, each issue has a budget, and
 * other work gets its turn in between.
 */
export async function scanPieces(
  pieces: AsyncIterable<string> | Iterable<string>,
  patterns: readonly IssuePattern[],
  limits: ScanLimits = {},
): Promise<Sighting[]> {
  const scan = new Scan(patterns, limits)
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    // A line without an end must not grow: what is over is never looked at.
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
    await scan.take(lines)
  }
  await scan.take([rest])
  return scan.sightings
}

class Scan {
  readonly sightings: Sighting[]
  readonly #spent = new Map<Sighting, number>()
  readonly #budget: number
  readonly #now: () => number
  #line = 0
  #turn: number

  constructor(patterns: readonly IssuePattern[], { issueMs = 2000, now = () => performance.now() }: ScanLimits) {
    this.sightings = patterns.map((pattern) => ({ pattern, count: 0 }))
    this.#budget = issueMs
    this.#now = now
    this.#turn = now()
  }

  async take(lines: readonly string[]): Promise<void> {
    // Most pieces of a log have no literal of any issue: one search per issue and piece, not per line.
    const text = lines.join('\n')
    const likely = this.sightings.filter(
      ({ pattern, gaveUp }) => !gaveUp && pattern.literals.every((literal) => text.includes(literal)),
    )
    if (likely.length > 0) {
      for (const [index, line] of lines.entries()) {
        const seen = line.slice(0, LONGEST_LINE)
        for (const sighting of likely) {
          if (sighting.gaveUp || !sighting.pattern.literals.every((literal) => seen.includes(literal))) continue
          this.#look(sighting, seen, this.#line + index + 1)
          if (this.#now() - this.#turn > TURN_MS) await this.#yield()
        }
      }
    }
    this.#line += lines.length
    if (this.#now() - this.#turn > TURN_MS) await this.#yield()
  }

  #look(sighting: Sighting, line: string, number: number): void {
    const began = this.#now()
    if (sighting.pattern.matches(line)) {
      if (sighting.count++ === 0) {
        sighting.line = number
        sighting.excerpt = redact(cleanText(line)).trim().slice(0, LONGEST_EXCERPT)
      }
    }
    const spent = (this.#spent.get(sighting) ?? 0) + this.#now() - began
    this.#spent.set(sighting, spent)
    if (spent > this.#budget) sighting.gaveUp = true
  }

  async #yield(): Promise<void> {
    await setImmediate()
    this.#turn = this.#now()
  }
}
