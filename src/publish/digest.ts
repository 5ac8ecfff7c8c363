import { createHash } from 'node:crypto'

/** A digest as text: `sha256:` and 64 hexadecimal digits, or `reported:` for something nobody could hash. */
export type Digest = `sha256:${string}` | `reported:${string}`

/** Bytes by their content. */
export function digestOf(bytes: Uint8Array | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * Stands for an image of which only the platform's own name is known. It says nothing about the content, so it never counts as
 * evidence for a file; its other prefix keeps the two apart.
 */
export function reportedDigest(platform: string, id: string): `reported:${string}` {
  return `reported:${createHash('sha256').update(`${platform}\0${id}`).digest('hex')}`
}

/** The 64 hexadecimal digits. */
export function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}
