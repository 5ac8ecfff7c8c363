import { ShellSyntaxError } from './syntax.ts'
import type { List, Part, Word } from './syntax.ts'

export type Token =
  | { kind: 'word'; word: Word; plain: string | undefined; at: number }
  | { kind: 'operator'; text: string; at: number }
  | { kind: 'end'; at: number }

const OPERATORS = ['&&', '||', ';;', '>>', '<<', '>&', '<&', '\n', ';', '&', '|', '(', ')', '<', '>']

/** Reads tokens of a shell script one by one; nested commands are given back to the parser by `parseNested`. */
export class Lexer {
  readonly source: string
  at = 0
  readonly #parseNested: (lexer: Lexer) => List
  /** Here-documents whose bodies begin after the next newline. */
  readonly pending: { delimiter: string; quoted: boolean; fill: (word: Word) => void }[] = []

  constructor(source: string, parseNested: (lexer: Lexer) => List) {
    this.source = source
    this.#parseNested = parseNested
  }

  next(): Token {
    this.#skipBlank()
    const at = this.at
    if (at >= this.source.length) return { kind: 'end', at }
    const operator = OPERATORS.find((text) => this.source.startsWith(text, at))
    if (operator) {
      this.at += operator.length
      if (operator === '\n') this.#readHereDocuments()
      return { kind: 'operator', text: operator, at }
    }
    const word = this.#word()
    const only = word.length === 1 ? word[0] : undefined
    return { kind: 'word', word, plain: only?.kind === 'text' && !only.quoted ? only.text : undefined, at }
  }

  #skipBlank(): void {
    for (;;) {
      const char = this.source[this.at]
      if (char === ' ' || char === '\t') this.at++
      else if (char === '\\' && this.source[this.at + 1] === '\n') this.at += 2
      else if (char === '#') while (this.at < this.source.length && this.source[this.at] !== '\n') this.at++
      else return
    }
  }

  #word(): Word {
    const parts: Part[] = []
    while (this.at < this.source.length) {
      const char = this.source[this.at] ?? ''
      if (' \t\n;&|()<>'.includes(char)) break
      if (char === "'") {
        const end = this.#find("'", this.at + 1)
        parts.push({ kind: 'text', text: this.source.slice(this.at + 1, end), quoted: true })
        this.at = end + 1
      } else if (char === '"') {
        this.at++
        this.#quoted(parts)
      } else if (char === '\\') {
        if (this.source[this.at + 1] !== '\n')
          parts.push({ kind: 'text', text: this.source[this.at + 1] ?? '\\', quoted: true })
        this.at += 2
      } else if (char === '$' || char === '`') {
        parts.push(this.#expansion(false))
      } else {
        addText(parts, char, false)
        this.at++
      }
    }
    return parts
  }

  #quoted(parts: Part[]): void {
    addText(parts, '', true)
    for (;;) {
      const char = this.source[this.at]
      if (char === undefined) throw new ShellSyntaxError('Unterminated quoted string')
      if (char === '"') {
        this.at++
        return
      }
      if (char === '\\' && '"\\$`\n'.includes(this.source[this.at + 1] ?? 'x')) {
        if (this.source[this.at + 1] !== '\n') addText(parts, this.source[this.at + 1] ?? '', true)
        this.at += 2
      } else if (char === '$' || char === '`') {
        parts.push(this.#expansion(true))
      } else {
        addText(parts, char, true)
        this.at++
      }
    }
  }

  #expansion(quoted: boolean): Part {
    const rest = this.source.slice(this.at)
    if (rest.startsWith('`')) {
      const end = this.#find('`', this.at + 1)
      const nested = new Lexer(this.source.slice(this.at + 1, end), this.#parseNested)
      this.at = end + 1
      return { kind: 'command', body: this.#parseNested(nested), quoted }
    }
    if (rest.startsWith('$((')) {
      const end = this.source.indexOf('))', this.at)
      if (end < 0) throw new ShellSyntaxError('Unterminated arithmetic')
      const source = this.source.slice(this.at + 3, end)
      this.at = end + 2
      return { kind: 'arithmetic', source, quoted }
    }
    if (rest.startsWith('$(')) {
      this.at += 2
      const body = this.#parseNested(this)
      if (this.source[this.at] !== ')') throw new ShellSyntaxError('Unterminated $(')
      this.at++
      return { kind: 'command', body, quoted }
    }
    if (rest.startsWith('${')) return this.#braced(quoted)
    const name = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9?$#@*!-])/.exec(rest)?.[1]
    if (name === undefined) {
      this.at++
      return { kind: 'text', text: '$', quoted }
    }
    this.at += name.length + 1
    return { kind: 'parameter', name, operator: '', operand: undefined, quoted }
  }

  #braced(quoted: boolean): Part {
    const match = /^\$\{(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9?$#@*!-])(:?[-=?+]|##?|%%?)?/.exec(this.source.slice(this.at))
    if (!match?.[2]) throw new ShellSyntaxError('Bad substitution')
    this.at += match[0].length
    const operand: Part[] = []
    while (this.source[this.at] !== '}') {
      const char = this.source[this.at]
      if (char === undefined) throw new ShellSyntaxError('Missing }')
      if (char === '$' || char === '`') operand.push(this.#expansion(true))
      else if (char === '"') {
        this.at++
        this.#quoted(operand)
      } else if (char === "'" && !quoted) {
        const end = this.#find("'", this.at + 1)
        operand.push({ kind: 'text', text: this.source.slice(this.at + 1, end), quoted: true })
        this.at = end + 1
      } else {
        const escaped = char === '\\'
        addText(operand, escaped ? (this.source[this.at + 1] ?? '') : char, escaped)
        this.at += escaped ? 2 : 1
      }
    }
    this.at++
    return { kind: 'parameter', name: match[2], operator: match[1] ? 'length' : (match[3] ?? ''), operand, quoted }
  }

  #readHereDocuments(): void {
    for (const document of this.pending.splice(0)) {
      const lines: string[] = []
      for (;;) {
        const end = this.source.indexOf('\n', this.at)
        const line = this.source.slice(this.at, end < 0 ? undefined : end)
        this.at = end < 0 ? this.source.length : end + 1
        if (line === document.delimiter || end < 0) break
        lines.push(`${line}\n`)
      }
      const text = lines.join('')
      if (document.quoted) document.fill([{ kind: 'text', text, quoted: true }])
      else {
        const parts: Part[] = []
        new Lexer(`${text.replaceAll('"', '\\"')}"`, this.#parseNested).#quoted(parts)
        document.fill(parts)
      }
    }
  }

  #find(text: string, from: number): number {
    const at = this.source.indexOf(text, from)
    if (at < 0) throw new ShellSyntaxError(`Unterminated ${text}`)
    return at
  }
}

function addText(parts: Part[], text: string, quoted: boolean): void {
  const last = parts.at(-1)
  if (last?.kind === 'text' && last.quoted === quoted) last.text += text
  else parts.push({ kind: 'text', text, quoted })
}
