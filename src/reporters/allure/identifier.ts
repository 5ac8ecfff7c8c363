import { createHash } from 'node:crypto'

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** The same parts give the same name, so writing a report again gives the same files. */
export function uuidOf(...parts: string[]): string {
  const hex = md5(parts.join('\n'))
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
