import { ConfigError } from '../core/errors.ts'

/** Inclusive ranges of UTF-16 code units, as pairs: `[from, to, from, to, ...]`. */
export type Ranges = readonly number[]

/** A parsed pattern. */
export type PatternNode =
  | { kind: 'set'; ranges: Ranges }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; nodes: PatternNode[] }
  | { kind: 'repeat'; node: PatternNode; min: number; max: number }

const ANY: Ranges = [0, 0xffff]
const MAX_REPEAT = 64

/** POSIX bracket classes, ASCII only: logs are matched byte for byte, whatever the locale. */
const CLASSES: Readonly<Record<string, Ranges>> = {
  alpha: [65, 90, 97, 122],
  digit: [48, 57],
  alnum: [48, 57, 65, 90, 97, 122],
  upper: [65, 90],
  lower: [97, 122],
  space: [9, 13, 32, 32],
  blank: [9, 9, 32, 32],
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  xdigit: [48, 57, 65, 70, 97, 102],
}

/**
 * Parses a POSIX extended regular expression, the dialect `grep -E` understands everywhere.
 * No `\d`, `\w`, `\s`, `\b`, look-around, back-references or lazy quantifiers: a rule must mean the same in every tool that reads it.
 * @throws ConfigError naming the column.
 */
export function parsePattern(source: string): PatternNode {
  const parser = new Parser(source)
  const node = parser.choice(0)
  if (!parser.done) parser.fail('unmatched )')
  return node
}

class Parser {
  private at = 0
  private readonly source: string

  constructor(source: string) {
    this.source = source
  }

  get done(): boolean {
    return this.at >= this.source.length
  }

  fail(why: string): never {
    throw new ConfigError(`pattern ${JSON.stringify(this.source)}, column ${this.at + 1}: ${why}`, {
      hint: 'write a POSIX extended regular expression, as for `grep -E`',
    })
  }

  choice(depth: number): PatternNode {
    if (depth > 20) this.fail('groups nested too deeply')
    const nodes = [this.sequence(depth)]
    while (this.take('|')) nodes.push(this.sequence(depth))
    return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: 'choice', nodes }
  }

  private sequence(depth: number): PatternNode {
    const nodes: PatternNode[] = []
    while (!this.done && this.peek() !== '|' && this.peek() !== ')') nodes.push(this.repeated(depth))
    return { kind: 'sequence', nodes }
  }

  private repeated(depth: number): PatternNode {
    let node = this.atom(depth)
    for (let quantifiers = 0; !this.done; quantifiers++) {
      const bounds = this.bounds()
      if (!bounds) break
      if (quantifiers > 0) this.fail('a quantifier follows a quantifier')
      node = { kind: 'repeat', node, ...bounds }
    }
    return node
  }

  private bounds(): { min: number; max: number } | undefined {
    if (this.take('*')) return { min: 0, max: Infinity }
    if (this.take('+')) return { min: 1, max: Infinity }
    if (this.take('?')) return { min: 0, max: 1 }
    if (this.peek() !== '{') return undefined
    const match = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(this.source.slice(this.at, this.at + 10))
    if (!match) this.fail('write \\{ for a brace')
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3])
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || min > max)
      this.fail(`counts go from 0 to ${MAX_REPEAT}`)
    this.at += match[0].length
    return { min, max }
  }

  private atom(depth: number): PatternNode {
    const char = this.next()
    if (char === '(') {
      if (this.peek() === '?') this.fail('no look-around or named groups')
      const node = this.choice(depth + 1)
      if (!this.take(')')) this.fail('missing )')
      return node
    }
    if (char === '[') return { kind: 'set', ranges: this.bracket() }
    if (char === '.') return { kind: 'set', ranges: ANY }
    if (char === '^') return { kind: 'start' }
    if (char === '$') return { kind: 'end' }
    if (char === '\\') return literal(this.escaped())
    if ('*+?{'.includes(char)) this.fail(`nothing to repeat before ${char}`)
    return literal(char)
  }

  private escaped(): string {
    if (this.done) this.fail('a lone backslash')
    const char = this.next()
    if (/[A-Za-z0-9]/.test(char)) this.fail(`\\${char} is not portable; write a bracket such as [0-9] or [^ ]`)
    return char
  }

  private bracket(): Ranges {
    const negated = this.take('^')
    const ranges: number[] = []
    for (let first = true; ; first = false) {
      if (this.done) this.fail('missing ]')
      if (!first && this.take(']')) break
      if (this.source.startsWith('[:', this.at)) {
        const end = this.source.indexOf(':]', this.at)
        const known = end < 0 ? undefined : CLASSES[this.source.slice(this.at + 2, end)]
        if (!known) this.fail('unknown character class')
        ranges.push(...known)
        this.at = end + 2
        continue
      }
      const from = this.next()
      if (from === '\\') this.fail('a backslash in brackets is not portable')
      const isRange = this.peek() === '-' && this.source[this.at + 1] !== ']' && this.at + 1 < this.source.length
      if (isRange) this.at++
      const to = isRange ? this.next() : from
      if (to < from) this.fail('a range that goes backwards')
      ranges.push(from.charCodeAt(0), to.charCodeAt(0))
    }
    return negated ? complement(ranges) : ranges
  }

  private peek(): string {
    return this.source[this.at] ?? ''
  }

  private next(): string {
    return this.source[this.at++] ?? ''
  }

  private take(char: string): boolean {
    if (this.peek() !== char || this.done) return false
    this.at++
    return true
  }
}

function literal(char: string): PatternNode {
  const code = char.charCodeAt(0)
  return { kind: 'set', ranges: [code, code] }
}

function complement(ranges: Ranges): Ranges {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0])
  pairs.sort((a, b) => a[0] - b[0])
  const rest: number[] = []
  let from = 0
  for (const [low, high] of pairs) {
    if (low > from) rest.push(from, low - 1)
    from = Math.max(from, high + 1)
  }
  if (from <= 0xffff) rest.push(from, 0xffff)
  return rest
}
