import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Plain data as few bytes. The same data always gives the same bytes on one machine. */
export function pack(value: unknown): Uint8Array {
  return deflateRawSync(Buffer.from(JSON.stringify(value)), { level: 6 })
}

/** What `pack` was given. */
export function unpack<T>(bytes: Uint8Array): T {
  return JSON.parse(inflateRawSync(bytes, { maxOutputLength: 256 * 1024 * 1024 }).toString('utf8')) as T
}
