import { createHash } from 'node:crypto'
import type { Owner } from './platform.ts'

/** A UUID that is the same for the same words: a token by which a cloud knows a call that is made again. */
export function tokenOf(...words: readonly (string | number | undefined)[]): string {
  const hex = createHash('sha256').update(words.join('\n')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A short part of a name that is the same for the same words. */
export function shortOf(...words: readonly string[]): string {
  return createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 10)
}

/** Marks as one text, for fields that take any: the run, the cell, the attempt and the expiry. */
export function ownerText(owner: Owner): string {
  const { runId, cell, attempt, expires } = owner
  return JSON.stringify({ harness: { runId, cell, attempt, expires } })
}

/** Reads them back; undefined for what is not ours. */
export function ownerIn(text: string | null | undefined): Owner | undefined {
  if (!text?.startsWith('{"harness":')) return undefined
  try {
    const { harness } = JSON.parse(text) as { harness: Partial<Owner> }
    const { runId, cell = '', attempt = 1, expires = '' } = harness
    return typeof runId === 'string' ? { runId, cell, attempt, expires } : undefined
  } catch {
    return undefined
  }
}

/** Whether something was made for this cell of this run, by this or an earlier attempt. */
export function isSameCell(one: Owner | undefined, other: Owner): boolean {
  return one !== undefined && one.runId === other.runId && one.cell === other.cell
}

/** Seconds until the marks expire, and some time more for whoever cleans up. */
export function lifetimeSeconds(owner: Owner, graceSeconds: number): number {
  return Math.max(60, Math.ceil((Date.parse(owner.expires) - Date.now()) / 1000)) + graceSeconds
}
