import { digestOf } from '../publish/digest.ts'

/** One line of the log of an archive: what was accepted, from whom and when, and that nothing before it was changed. */
export interface LogEntry {
  /** From 1, without gaps. */
  seq: number
  /** Digest of the payload. */
  id: string
  kind: string
  submitter: string
  /** The key or token it was accepted by. */
  credential: string
  /** Milliseconds since 1970. */
  receivedAt: number
  bytes: number
  /** `hash` of the entry before it; of the first one, zeros. */
  prev: string
  /** Digest of everything above. */
  hash: string
  /** Base64: the archive's own signature of `hash`, which bears witness after a token has expired. */
  signature: string
}

export const FIRST_PREV = `sha256:${'0'.repeat(64)}`

/** What the hash of an entry covers: a list, so that no field can be moved into another. */
export function hashOf(entry: Omit<LogEntry, 'hash' | 'signature'>): string {
  const { seq, id, kind, submitter, credential, receivedAt, bytes, prev } = entry
  return digestOf(JSON.stringify([prev, seq, id, kind, submitter, credential, receivedAt, bytes]))
}
