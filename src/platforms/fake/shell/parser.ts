import { Lexer } from './lexer.ts'
import type { Token } from './lexer.ts'
import { ShellSyntaxError } from './syntax.ts'
import type { Command, List, Pipeline, Redirect, Word } from './syntax.ts'

/** Reads a script. @throws ShellSyntaxError */
export function parseShell(source: string): List {
  const lexer = new Lexer(source, (nested) => new Parser(nested).nested())
  return new Parser(lexer).whole()
}

class Parser {
  readonly #lexer: Lexer
  #ahead: Token | undefined

  constructor(lexer: Lexer) {
    this.#lexer = lexer
  }

  whole(): List {
    const list = this.#list()
    const token = this.#peek()
    if (token.kind !== 'end') throw unexpected(token)
    return list
  }

  /** The inside of `$(...)`; leaves the lexer at the closing parenthesis. */
  nested(): List {
    const list = this.#list()
    const token = this.#peek()
    this.#lexer.at = token.at
    return list
  }

  #peek(): Token {
    this.#ahead ??= this.#lexer.next()
    return this.#ahead
  }

  #take(): Token {
    const token = this.#peek()
    this.#ahead = undefined
    return token
  }

  #isOperator(...texts: string[]): boolean {
    const token = this.#peek()
    return token.kind === 'operator' && texts.includes(token.text)
  }

  #isWord(...words: string[]): boolean {
    const token = this.#peek()
    return token.kind === 'word' && token.plain !== undefined && words.includes(token.plain)
  }

  #expectWord(word: string): void {
    if (!this.#isWord(word)) throw unexpected(this.#peek(), word)
    this.#take()
  }

  #expectOperator(text: string): void {
    if (!this.#isOperator(text)) throw unexpected(this.#peek(), text)
    this.#take()
  }

  #skipNewlines(): void {
    while (this.#isOperator('\n', ';')) this.#take()
  }

  #list(): List {
    const list: List = []
    let join: List[number]['join'] = ';'
    this.#skipNewlines()
    while (!this.#atListEnd()) {
      list.push({ join, pipeline: this.#pipeline() })
      join = ';'
      const token = this.#peek()
      if (token.kind === 'operator' && (token.text === '&&' || token.text === '||')) {
        join = token.text
        this.#take()
      } else if (this.#isOperator(';', '&', '\n')) {
        this.#take()
      } else if (!this.#atListEnd()) {
        throw unexpected(token)
      }
      this.#skipNewlines()
    }
    return list
  }

  #atListEnd(): boolean {
    return (
      this.#peek().kind === 'end' ||
      this.#isOperator(')', ';;') ||
      this.#isWord('}', 'then', 'else', 'elif', 'fi', 'do', 'done', 'esac')
    )
  }

  #pipeline(): Pipeline {
    let negated = false
    while (this.#isWord('!')) {
      this.#take()
      negated = !negated
    }
    const commands = [this.#command()]
    while (this.#isOperator('|')) {
      this.#take()
      while (this.#isOperator('\n')) this.#take()
      commands.push(this.#command())
    }
    return { negated, commands }
  }

  #command(): Command {
    const command = this.#compound()
    while (this.#redirectInto(command.redirects)) continue
    return command
  }

  #compound(): Command {
    const redirects: Redirect[] = []
    if (this.#isOperator('(')) {
      this.#take()
      const body = this.#list()
      this.#expectOperator(')')
      return { kind: 'group', body, subshell: true, redirects }
    }
    if (this.#isWord('{')) {
      this.#take()
      const body = this.#list()
      this.#expectWord('}')
      return { kind: 'group', body, subshell: false, redirects }
    }
    if (this.#isWord('if')) return { ...this.#if(), redirects }
    if (this.#isWord('while', 'until')) {
      const until = this.#isWord('until')
      this.#take()
      const condition = this.#list()
      return { kind: 'loop', condition, until, body: this.#doGroup(), redirects }
    }
    if (this.#isWord('for')) return { ...this.#for(), redirects }
    if (this.#isWord('case')) return { ...this.#case(), redirects }
    return this.#simple()
  }

  #doGroup(): List {
    this.#skipNewlines()
    this.#expectWord('do')
    const body = this.#list()
    this.#expectWord('done')
    return body
  }

  #if() {
    this.#take()
    const branches: { condition: List; body: List }[] = []
    let otherwise: List | undefined
    const condition = this.#list()
    this.#expectWord('then')
    branches.push({ condition, body: this.#list() })
    while (this.#isWord('elif')) {
      this.#take()
      const next = this.#list()
      this.#expectWord('then')
      branches.push({ condition: next, body: this.#list() })
    }
    if (this.#isWord('else')) {
      this.#take()
      otherwise = this.#list()
    }
    this.#expectWord('fi')
    return { kind: 'if' as const, branches, otherwise }
  }

  #for() {
    this.#take()
    const token = this.#take()
    if (token.kind !== 'word' || token.plain === undefined) throw unexpected(token)
    let words: Word[] | undefined
    if (this.#isWord('in')) {
      this.#take()
      words = []
      for (let next = this.#peek(); next.kind === 'word'; next = this.#peek()) {
        words.push(next.word)
        this.#take()
      }
    }
    return { kind: 'for' as const, name: token.plain, words, body: this.#doGroup() }
  }

  #case() {
    this.#take()
    const token = this.#take()
    if (token.kind !== 'word') throw unexpected(token)
    this.#skipNewlines()
    this.#expectWord('in')
    const branches: { patterns: Word[]; body: List }[] = []
    this.#skipNewlines()
    while (!this.#isWord('esac')) {
      if (this.#isOperator('(')) this.#take()
      const patterns: Word[] = []
      do {
        if (patterns.length > 0) this.#take()
        const pattern = this.#take()
        if (pattern.kind !== 'word') throw unexpected(pattern)
        patterns.push(pattern.word)
      } while (this.#isOperator('|'))
      this.#expectOperator(')')
      branches.push({ patterns, body: this.#list() })
      if (this.#isOperator(';;')) this.#take()
      this.#skipNewlines()
    }
    this.#take()
    return { kind: 'case' as const, subject: token.word, branches }
  }

  #simple(): Command {
    const redirects: Redirect[] = []
    const assignments: { name: string; value: Word }[] = []
    const words: Word[] = []
    for (;;) {
      if (this.#redirectInto(redirects)) continue
      const token = this.#peek()
      if (token.kind !== 'word') break
      this.#take()
      const assignment = words.length === 0 ? splitAssignment(token.word) : undefined
      if (assignment) assignments.push(assignment)
      else words.push(token.word)
      if (words.length === 1 && assignments.length === 0 && this.#isOperator('(') && token.plain !== undefined) {
        this.#take()
        this.#expectOperator(')')
        this.#skipNewlines()
        return { kind: 'function', name: token.plain, body: this.#command(), redirects }
      }
    }
    if (words.length === 0 && assignments.length === 0 && redirects.length === 0) throw unexpected(this.#peek())
    return { kind: 'simple', assignments, words, redirects }
  }

  #redirectInto(redirects: Redirect[]): boolean {
    let token = this.#peek()
    let fd: number | undefined
    if (
      token.kind === 'word' &&
      token.plain !== undefined &&
      /^\d$/.test(token.plain) &&
      /[<>]/.test(this.#lexer.source[this.#lexer.at] ?? '')
    ) {
      fd = Number(token.plain)
      this.#take()
      token = this.#peek()
    }
    if (token.kind !== 'operator' || !['>', '>>', '<', '>&', '<<'].includes(token.text)) return false
    const operator = token.text as Redirect['operator']
    this.#take()
    const target = this.#take()
    if (target.kind !== 'word') throw unexpected(target)
    const redirect: Redirect = { fd: fd ?? (operator.startsWith('<') ? 0 : 1), operator, target: target.word }
    if (operator === '<<') {
      const text = target.word.map((part) => (part.kind === 'text' ? part.text : '')).join('')
      const quoted = target.word.some((part) => part.kind === 'text' && part.quoted)
      this.#lexer.pending.push({ delimiter: text, quoted, fill: (word) => (redirect.target = word) })
    }
    redirects.push(redirect)
    return true
  }
}

function splitAssignment(word: Word): { name: string; value: Word } | undefined {
  const [first, ...rest] = word
  if (first?.kind !== 'text' || first.quoted) return undefined
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(first.text)
  if (!match?.[1]) return undefined
  return { name: match[1], value: [{ ...first, text: first.text.slice(match[0].length) }, ...rest] }
}

function unexpected(token: Token, wanted?: string): ShellSyntaxError {
  const what =
    token.kind === 'end'
      ? 'end of file'
      : token.kind === 'operator'
        ? JSON.stringify(token.text)
        : `word ${token.plain ?? ''}`
  return new ShellSyntaxError(
    `Syntax error: ${what} unexpected${wanted === undefined ? '' : ` (expecting "${wanted}")`}`,
  )
}
