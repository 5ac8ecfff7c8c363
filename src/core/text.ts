import { stripVTControlCharacters } from 'node:util'

/**
 * Guest output made safe to print: terminal escapes and control characters are removed, CRLF becomes LF, tabs stay.
 * Escaping for HTML, XML or Markdown is the job of the reporter that writes them.
 */
export function cleanText(text: string): string {
  return (
    stripVTControlCharacters(text)
      .replaceAll('\r\n', '\n')
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '')
  )
}

/** At most `maxChars` of `text`, keeping head and tail, with a line that says how much was left out. */
export function capText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const head = Math.floor(maxChars * 0.3)
  const tail = maxChars - head
  return `${text.slice(0, head)}\n[... ${text.length - maxChars} characters left out ...]\n${text.slice(-tail)}`
}

/** The last lines of what a program said, whole ones, in at most `maxChars`; a longer last line without its beginning. */
export function lastWords(text: string, maxChars = 400): string {
  const said = text.trim()
  if (said.length <= maxChars) return said
  const tail = said.slice(-maxChars)
  if (said.at(-maxChars - 1) === '\n') return tail
  const newline = tail.indexOf('\n')
  return newline < 0 ? `...${tail.slice(3)}` : tail.slice(newline + 1)
}

/** `1 cell`, `2 cells`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
