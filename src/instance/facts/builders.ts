import type { Evidence } from './evidence.ts'

/** One function per field. It throws `UnknownFactError` when its evidence is missing. */
export type Builders<T> = { [K in keyof T]-?: (evidence: Evidence) => T[K] }
