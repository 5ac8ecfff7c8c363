import { cleanText } from '../../core/text.ts'
import type { CheckFailure } from '../../results/check-record.ts'
import { failureLines } from '../wording.ts'

/**
 * What a failure saw, in at most `maxLines` lines. The three ways in which most checks compare become sentences;
 * everything else is shown as the assertion said it.
 */
export function evidenceLines(failure: CheckFailure, maxLines: number): string[] {
  const message = cleanText(failure.message)
  return listed(message, failure, maxLines) ?? oneOf(message) ?? plain(message) ?? failureLines(failure, maxLines)
}

/** Something that should be empty is not: its items. */
function listed(message: string, failure: CheckFailure, maxLines: number): string[] | undefined {
  const match = /^(?:(.*): )?expected [[{].* to (?:(?:deeply )?equal|have property ".*" with value) \[\]$/s.exec(
    message,
  )
  const items = [...cleanText(failure.actual ?? '').matchAll(/^ {2}"(.*)",$/gm)].map(([, item = '']) => unescape(item))
  if (!match || failure.expected !== '[]' || items.length === 0) return undefined
  const label = match[1] === undefined ? 'found' : match[1]
  if (items.length === 1) return [`${label}: ${items[0]}`]
  const short = `${label}: ${items.join(', ')}`
  if (short.length <= 90) return [short]
  const shown = items.length < maxLines ? items.length : Math.max(1, maxLines - 2)
  const more = items.length > shown ? [`… ${items.length - shown} more`] : []
  return [`${label}:`, ...items.slice(0, shown).map((item) => `  ${item}`), ...more]
}

/** One of several values was wanted. */
function oneOf(message: string): string[] | undefined {
  const match =
    /^(?:(.*): )?expect\(received\)\.toBeOneOf\(\)\s+Expected value to be one of:\s+Array \[(.*)\]\s+Received:\s+(\S.*)$/s.exec(
      message,
    )
  if (!match) return undefined
  const [, label, wanted = '', received = ''] = match
  const words = wanted
    .split('\n')
    .map((line) => line.trim().replace(/,$/, ''))
    .filter(Boolean)
  return [compared(label, received.trim(), words)]
}

/** One value was wanted. */
function plain(message: string): string[] | undefined {
  const match = /^(?:(.*): )?expected (\S+|'[^']*') to (?:be|equal) (\S+|'[^']*')(?: \/\/ Object\.is equality)?$/s.exec(
    message,
  )
  if (!match || message.includes('\n')) return undefined
  const [, label, received = '', wanted = ''] = match
  return [compared(label, received, [wanted])]
}

function compared(label: string | undefined, received: string, wanted: readonly string[]): string {
  const bare = (word: string) => word.replace(/^(["'])(.+)\1$/, '$2')
  return `${label ?? 'found'}: ${bare(received)}, expected ${wanted.map(bare).join(' or ')}`
}

function unescape(text: string): string {
  return text.replaceAll(/\\(["\\])/g, '$1')
}
