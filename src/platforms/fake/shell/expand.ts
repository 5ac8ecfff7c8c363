import type { List, Part, Word } from './syntax.ts'

/** What expansion needs to know of the running shell. */
export interface Scope {
  get(name: string): string | undefined
  set(name: string, value: string): void
  /** Positional parameters, `$1` first. */
  readonly arguments: readonly string[]
  substitute(body: List): Promise<string>
  glob(pattern: string): string[]
}

/** One field under construction: its text and, per character, whether it was quoted. */
interface Field {
  text: string
  mask: string
}

/** Words as the command sees them: parameters and commands expanded, unquoted blanks split, patterns matched to files. */
export async function expandWords(words: readonly Word[], scope: Scope): Promise<string[]> {
  const fields: string[] = []
  for (const word of words) {
    for (const field of await split(word, scope)) {
      const pattern = /[*?[]/.test(unquotedOf(field)) ? scope.glob(toPattern(field)) : []
      if (pattern.length > 0) fields.push(...pattern)
      else fields.push(field.text)
    }
  }
  return fields
}

/** A word where nothing is split: the value of an assignment, the target of a redirection. */
export async function expandText(word: Word, scope: Scope): Promise<string> {
  let text = ''
  for (const part of word) text += (await valueOf(part, scope)).join(' ')
  return text
}

/** A word as a pattern of `case` or `${x%pattern}`: quoted characters are literal. */
export async function expandPattern(word: Word, scope: Scope): Promise<string> {
  let pattern = ''
  for (const part of word) {
    const value = (await valueOf(part, scope)).join(' ')
    pattern += part.quoted ? value.replaceAll(/[*?[\]\\]/g, '\\$&') : value
  }
  return pattern
}

/** A shell pattern as a regular expression over the whole text. */
export function patternToRegExp(pattern: string, star = '[\\s\\S]*'): string {
  let out = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? ''
    const set = char === '[' ? /^\[!?\]?[^\]]*\]/.exec(pattern.slice(at))?.[0] : undefined
    if (char === '\\') out += escape(pattern[++at] ?? '\\')
    else if (char === '*') out += star
    else if (char === '?') out += '[\\s\\S]'
    else if (set) {
      out += set.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
      at += set.length - 1
    } else out += escape(char)
  }
  return out
}

async function split(word: Word, scope: Scope): Promise<Field[]> {
  const fields: Field[] = []
  let current: Field | undefined
  const add = (text: string, quoted: boolean) => {
    current ??= { text: '', mask: '' }
    current.text += text
    current.mask += (quoted ? 'q' : 'u').repeat(text.length)
  }
  const close = () => {
    if (current) fields.push(current)
    current = undefined
  }
  for (const part of word) {
    const values = await valueOf(part, scope)
    if (part.kind === 'text' || (part.quoted && !(part.kind === 'parameter' && part.name === '@'))) {
      add(values.join(' '), part.quoted)
    } else if (part.quoted) {
      for (const [index, value] of values.entries()) {
        if (index > 0) close()
        add(value, true)
      }
    } else {
      for (const [index, value] of values.entries()) {
        if (index > 0) close()
        for (const [piece, text] of value.split(/([ \t\n]+)/).entries()) {
          if (piece % 2 === 1) close()
          else if (text !== '') add(text, false)
        }
      }
    }
  }
  close()
  return fields
}

async function valueOf(part: Part, scope: Scope): Promise<readonly string[]> {
  if (part.kind === 'text') return [part.text]
  if (part.kind === 'command') return [(await scope.substitute(part.body)).replace(/\n+$/, '')]
  if (part.kind === 'arithmetic') return [String(arithmetic(part.source, scope))]
  if ((part.name === '@' || part.name === '*') && part.operator === '') return scope.arguments
  return [await parameter(part, scope)]
}

async function parameter(part: Part & { kind: 'parameter' }, scope: Scope): Promise<string> {
  const { operator, name } = part
  const value = scope.get(name)
  const operand = part.operand ?? []
  if (operator === '') return value ?? ''
  if (operator === 'length') return String((value ?? '').length)
  const missing = operator.startsWith(':') ? !value : value === undefined
  if (operator.endsWith('-')) return missing ? await expandText(operand, scope) : (value ?? '')
  if (operator.endsWith('+')) return missing ? '' : await expandText(operand, scope)
  if (operator.endsWith('=')) {
    if (missing) scope.set(name, await expandText(operand, scope))
    return scope.get(name) ?? ''
  }
  if (operator.endsWith('?')) {
    if (missing) throw new Error(`${name}: ${(await expandText(operand, scope)) || 'parameter not set'}`)
    return value ?? ''
  }
  return trim(value ?? '', operator, await expandPattern(operand, scope))
}

function trim(value: string, operator: string, pattern: string): string {
  const whole = new RegExp(`^(?:${patternToRegExp(pattern)})$`)
  const greedy = operator.length === 2
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => (greedy ? value.length - length : length))
  for (const length of lengths) {
    if (operator.startsWith('#') && whole.test(value.slice(0, length))) return value.slice(length)
    if (operator.startsWith('%') && whole.test(value.slice(value.length - length)))
      return value.slice(0, value.length - length)
  }
  return value
}

/** Integers, variables, `+ - * / %`, comparisons and parentheses, evaluated from left to right by precedence. */
export function arithmetic(source: string, scope: Pick<Scope, 'get'>): number {
  const tokens = source.match(/\d+|[A-Za-z_$][A-Za-z0-9_]*|[<>=!]=|[-+*/%()<>]/g) ?? []
  let at = 0
  const atom = (): number => {
    const token = tokens[at++] ?? '0'
    if (token === '(') {
      const inner = level(0)
      at++
      return inner
    }
    if (token === '-') return -atom()
    return /^\d/.test(token) ? Number(token) : Number(scope.get(token.replace('$', '')) ?? 0) || 0
  }
  const LEVELS = [
    ['<', '>', '<=', '>=', '==', '!='],
    ['+', '-'],
    ['*', '/', '%'],
  ]
  const level = (depth: number): number => {
    const operators = LEVELS[depth]
    if (!operators) return atom()
    let left = level(depth + 1)
    for (let token = tokens[at]; token !== undefined && operators.includes(token); token = tokens[at]) {
      at++
      left = apply(token, left, level(depth + 1))
    }
    return left
  }
  return level(0)
}

function apply(operator: string, left: number, right: number): number {
  const results: Record<string, number> = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': Math.trunc(left / right),
    '%': left % right,
    '<': Number(left < right),
    '>': Number(left > right),
    '<=': Number(left <= right),
    '>=': Number(left >= right),
    '==': Number(left === right),
    '!=': Number(left !== right),
  }
  return results[operator] ?? 0
}

function unquotedOf(field: Field): string {
  return field.mask
    .split('')
    .map((mask, index) => (mask === 'u' ? field.text[index] : ''))
    .join('')
}

function toPattern(field: Field): string {
  return field.mask
    .split('')
    .map((mask, index) => (mask === 'u' ? field.text[index] : `\\${field.text[index]}`))
    .join('')
}

function escape(char: string): string {
  return char.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
