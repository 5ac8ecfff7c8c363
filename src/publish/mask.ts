import { redact } from '../core/redact.ts'
import { cleanText } from '../core/text.ts'

/** Plain data in which no text holds a secret or a control character, and how many texts were changed. */
export function maskData<T>(value: T): { value: T; masked: number } {
  let masked = 0
  const mask = (part: unknown): unknown => {
    if (typeof part === 'string') {
      const clean = redact(cleanText(part.toWellFormed()))
      if (clean.includes('***') && clean !== part) masked++
      return clean
    }
    if (Array.isArray(part)) return part.map(mask)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, of]) => [key, mask(of)]))
  }
  return { value: mask(value) as T, masked }
}

/** The text of a log without secrets, and how many places were masked. Escapes of terminals stay out of it too. */
export function maskText(text: string): { text: string; masked: number } {
  const clean = cleanText(text.toWellFormed())
  const before = count(clean)
  const result = redact(clean)
  return { text: result, masked: Math.max(0, count(result) - before) }
}

function count(text: string): number {
  return text.split('***').length - 1
}
