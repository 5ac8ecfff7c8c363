import { cleanText } from '../../core/text.ts'

/** Paints text, or does not. */
export type Paint = (sgr: string, text: string) => string

export const paintNothing: Paint = (_, text) => text
export const paintAnsi: Paint = (sgr, text) => (text === '' ? '' : `\u001B[${sgr}m${text}\u001B[0m`)

/** Whether to colour: `NO_COLOR` says no, `FORCE_COLOR` yes, else a terminal that is not dumb. */
export function wantsColor(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return isTerminal && env.TERM !== 'dumb'
}

/** Columns that text takes, for our own words and cleaned guest text; what may be wide counts as wide, so a line never wraps. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) columns += (char.codePointAt(0) ?? 0) < 0x1100 || NARROW.includes(char) ? 1 : 2
  return columns
}

const NARROW = '✔✘–•…·→├└│─━╸⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** At most `columns` columns of text, ending in an ellipsis when something was cut. */
export function fit(text: string, columns: number): string {
  const clean = cleanText(text).replaceAll(/[\n\t]/g, ' ')
  if (columnsOf(clean) <= columns) return clean
  let kept = ''
  let used = 1
  for (const char of clean) {
    used += columnsOf(char)
    if (used > columns) break
    kept += char
  }
  return columns < 1 ? '' : `${kept}…`
}

/** `fit`, then filled with blanks. */
export function column(text: string, columns: number): string {
  const fitted = fit(text, columns)
  return fitted + ' '.repeat(Math.max(0, columns - columnsOf(fitted)))
}
