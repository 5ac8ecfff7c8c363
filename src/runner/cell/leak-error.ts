import { CleanupError, toErrorRecord } from '../../core/errors.ts'

/** An error of a teardown as a leak: what it was about stays in the ledger. */
export function leakError(error: unknown): CleanupError {
  if (error instanceof CleanupError) return error
  return new CleanupError(toErrorRecord(error).message, { hint: 'run `harness sweep`', cause: error })
}
