import { PlatformError } from '../../core/errors.ts'
import type { PlatformErrorKind } from '../../core/errors.ts'

/** What the fake provider itself throws, with codes as providers have them. */
export class FakeProviderError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const KINDS: Readonly<Record<string, PlatformErrorKind>> = {
  InvalidCredentials: 'auth',
  LimitExceeded: 'quota',
  InsufficientCapacity: 'capacity',
  TooManyRequests: 'throttled',
  NoSuchThing: 'not-found',
  AlreadyExists: 'conflict',
  ServiceUnavailable: 'unavailable',
  BadRequest: 'invalid',
}

/** The code the fake provider uses for a kind. */
export function codeOf(kind: PlatformErrorKind): string {
  return Object.keys(KINDS).find((code) => KINDS[code] === kind) ?? 'BadRequest'
}

/** The one place where errors of this provider become ours. */
export function toPlatformError(error: unknown): unknown {
  if (!(error instanceof FakeProviderError)) return error
  return new PlatformError(KINDS[error.code] ?? 'invalid', `fake: ${error.message}`, { cause: error })
}

/** Calls the provider and maps what it throws. */
export async function mapped<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toPlatformError(error)
  }
}
