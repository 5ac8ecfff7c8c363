import type Pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { PrerequisiteError } from '../core/errors.ts'

/** What `npm install` must be told; the same ranges are the optional peers of this package. */
export const QUEUE_PACKAGES = ['pg-boss@~12.35.0', 'pg@^8.23.1'] as const

/** The client of PostgreSQL. @throws PrerequisiteError when it is not installed */
export async function loadPg(): Promise<typeof Pg> {
  return await present(async () => (await import('pg')).default)
}

/** The queue. @throws PrerequisiteError when it is not installed */
export async function loadBoss(): Promise<typeof PgBoss> {
  return await present(async () => (await import('pg-boss')).PgBoss)
}

/** Passes on what was imported. A package that is not there is said with the command that brings it. */
export async function present<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!missing || !/'pg(-boss)?'/.test(error.message)) throw error
    throw new PrerequisiteError('runs over several machines need the packages pg-boss and pg, which are optional', {
      hint: `npm install ${QUEUE_PACKAGES.join(' ')}`,
      cause: error,
    })
  }
}
