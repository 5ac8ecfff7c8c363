import { createHash } from 'node:crypto'

/** A UUID that depends on `text` only. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  // the bits that say: made from a hash, in the usual layout
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
}

/** Serial number of a FAT file system that depends on `text` only, as fstab spells it. */
export function fatIdOf(text: string): string {
  const hex = createHash('sha256').update(`fat ${text}`).digest('hex').toUpperCase()
  return `${hex.slice(0, 4)}-${hex.slice(4, 8)}`
}

/** What `{{root-uuid}}` and `{{esp-id}}` of a recipe stand for. */
export function fileSystemIds(seed: string): { 'root-uuid': string; 'esp-id': string } {
  return { 'root-uuid': uuidOf(`root ${seed}`), 'esp-id': fatIdOf(seed) }
}
