import { PlatformError, TransportError } from '../../core/errors.ts'
import type { PlatformErrorKind } from '../../core/errors.ts'

const KINDS: Readonly<Record<TransportError['reason'], PlatformErrorKind>> = {
  refused: 'unavailable',
  timeout: 'unavailable',
  lost: 'unavailable',
  auth: 'auth',
  'host-key': 'auth',
  protocol: 'invalid',
}

/** A login that failed while the session was opened is the platform's failure; later ones stay transport errors. */
export function toPlatformError(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  return new PlatformError(KINDS[error.reason], error.message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}
