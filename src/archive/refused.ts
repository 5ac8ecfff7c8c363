import { ConfigError } from '../core/errors.ts'

/** Why a submission is not accepted, in the words of HTTP. */
export type RefusalStatus = 400 | 401 | 403 | 409 | 413 | 422 | 429

/** A submission that is not accepted. */
export class RefusedError extends ConfigError {
  readonly status: RefusalStatus
  /** Seconds until it makes sense to try again. */
  readonly retryAfter: number | undefined
  /** More that programs may want to know, such as which files are missing. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    status: RefusalStatus,
    message: string,
    details: { hint?: string; cause?: unknown; retryAfter?: number; extra?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, details)
    this.status = status
    this.retryAfter = details.retryAfter
    this.extra = details.extra ?? {}
  }
}
