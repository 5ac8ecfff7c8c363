import { ConfigError } from '../core/errors.ts'

/** What may stand in a shell template: one word, or an array for several words (an empty array for none). */
export type ShellValue = string | number | readonly (string | number)[]

/**
 * One word of a POSIX shell, whatever is in `word`.
 * @throws ConfigError for a NUL character, which no command line can carry.
 */
export function quote(word: string | number): string {
  const text = String(word)
  if (text.includes('\0')) throw new ConfigError('a shell word cannot contain a NUL character')
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) && !text.startsWith('=')) return text
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Several words, each quoted, joined by spaces. */
export function quoteAll(words: readonly (string | number)[]): string {
  return words.map(quote).join(' ')
}

/**
 * The command line of a template literal: text is taken as written (a backslash stays a backslash, only `` \` `` and `\${` are
 * unescaped), interpolations become quoted words.
 * @throws ConfigError when an interpolation stands inside quotes, where quoting it again would change its meaning.
 */
export function commandLine(strings: TemplateStringsArray, values: readonly ShellValue[]): string {
  let line = ''
  let state: QuoteState = { quote: '', wordStart: true }
  for (const [index, raw] of strings.raw.entries()) {
    const text = raw.replaceAll('\\`', '`').replaceAll('\\${', '${')
    line += text
    if (index >= values.length) break
    state = scanQuotes(text, state)
    if (state.quote === '#') throw new ConfigError('an interpolation stands in a shell comment')
    if (state.quote) {
      throw new ConfigError(`an interpolation stands inside ${state.quote} quotes: ${text.slice(-40)}`, {
        hint: 'remove the quotes around it: interpolations are quoted by themselves',
      })
    }
    const value = values[index]
    if (value === undefined || value === null)
      throw new ConfigError(`interpolation ${index + 1} of a shell template is ${value}`)
    line += typeof value === 'object' ? quoteAll(value) : quote(value)
    state = { quote: '', wordStart: false }
  }
  return line
}

interface QuoteState {
  quote: '' | "'" | '"' | '#'
  wordStart: boolean
}

function scanQuotes(text: string, from: QuoteState): QuoteState {
  let { quote: open, wordStart } = from
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (open === '#') {
      if (char === '\n') open = ''
    } else if (open === "'") {
      if (char === "'") open = ''
    } else if (char === '\\') {
      at++
    } else if (open === '"') {
      if (char === '"') open = ''
    } else if (char === "'" || char === '"') {
      open = char
    } else if (char === '#' && wordStart) {
      open = '#'
    }
    wordStart = open === '' && (char === '\n' || char === ' ' || char === '\t' || char === ';')
  }
  return { quote: open, wordStart }
}
