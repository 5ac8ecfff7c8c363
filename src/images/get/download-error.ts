import type { ErrorDetails } from '../../core/errors.ts'
import { HarnessError } from '../../core/errors.ts'

/** What went wrong with a download. */
export type DownloadReason =
  /** The server answered with another status than 200. */
  | 'status'
  /** No line to the server, or it broke. */
  | 'network'
  | 'truncated'
  | 'stalled'
  /** Sizes that contradict each other, or more bytes than were announced. */
  | 'length'
  /** To a host that is not allowed, from https to http, or in a circle. */
  | 'redirect'
  | 'digest'
  | 'signature'
  /** An index or a list of checksums that says nothing about what was asked for, or cannot be read. */
  | 'index'

const TRANSIENT: ReadonlySet<DownloadReason> = new Set(['network', 'truncated', 'stalled'])

/** Something could not be downloaded, or is not what its publisher says it is. */
export class DownloadError extends HarnessError {
  readonly blame = 'provider'
  readonly reason: DownloadReason
  readonly #again: boolean

  constructor(reason: DownloadReason, message: string, details: ErrorDetails & { again?: boolean } = {}) {
    super(message, details)
    this.reason = reason
    this.#again = details.again ?? TRANSIENT.has(reason)
  }

  override get retryable(): boolean {
    return this.#again
  }
}
