import { capText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'

const MOST_CHARS = 16 * 1024

/** What a check saw, as text for people and for patterns. */
export function checkText({ errors, reason }: CheckRecord): string {
  const parts = errors.map(({ message, expected, actual, diff }) =>
    [
      message,
      ...(diff === undefined
        ? [expected === undefined ? '' : `expected: ${expected}`, actual === undefined ? '' : `actual: ${actual}`]
        : [diff]),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  )
  return capText([...(reason === undefined ? [] : [reason]), ...parts].join('\n\n'), MOST_CHARS)
}
