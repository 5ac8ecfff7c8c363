import { CancelledError, HarnessError, PlatformError, WaitTimeoutError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'

/** Output of package managers that means: the archive or the network failed, not the package. */
const MIRROR_TROUBLE: readonly RegExp[] = [
  /Failed to fetch\b/i,
  /Temporary failure (?:in name resolution|resolving)/i,
  /Could not (?:resolve|connect to)\b/i,
  /Connection (?:timed out|refused|failed|reset)/i,
  /Some index files failed to download/i,
  /Hash Sum mismatch/i,
  /File has unexpected size/i,
  /Mirror sync in progress/i,
  /Release file for \S+ is (?:expired|not valid yet)/i,
  /\b(?:500|502|503|504)\s{1,3}(?:Internal|Bad|Service|Gateway|Server)/i,
  /Cannot download repomd|Failed to download metadata|No more mirrors to try/i,
  /temporary error \(try again later\)|network error \(check Internet connection/i,
  /Could not get lock|Unable to lock|is another process using it/i,
]

/** The first line of `output` that blames the archive or the network, if there is one. */
export function mirrorTrouble(output: string): string | undefined {
  const lines = output.split('\n')
  return lines.find((line) => MIRROR_TROUBLE.some((pattern) => pattern.test(line)))?.trim()
}

export interface MirrorOptions {
  /** Completes "could not ...". */
  what: string
  deadlineMs: number
  signal?: AbortSignal
  onRetry?: (reason: string) => void
}

/**
 * Runs `action` again while it fails for reasons of the archive or the network. Anything else passes through unchanged.
 * @throws PlatformError unavailable when the archive did not answer before the deadline: the image was not judged.
 */
export async function withMirrorRetries<T>(
  options: MirrorOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { what, deadlineMs, signal } = options
  try {
    return await waitUntil(
      {
        what: `the archive, to ${what}`,
        deadlineMs,
        intervalMs: 2000,
        maxIntervalMs: 15_000,
        ...(signal === undefined ? {} : { signal }),
      },
      async (attemptSignal) => {
        try {
          return { done: true, value: await action(attemptSignal) }
        } catch (error) {
          const trouble = mirrorTrouble(textOf(error))
          if (trouble === undefined) throw error
          options.onRetry?.(trouble)
          return { done: false, saw: trouble }
        }
      },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || error instanceof CancelledError) throw error
    throw new PlatformError('unavailable', `could not ${what}: ${error.message}`, {
      hint: 'check the network and the archive the image uses, then run again',
      cause: error,
    })
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof HarnessError)) return ''
  const parts = [error.message]
  if ('stdout' in error && typeof error.stdout === 'string') parts.push(error.stdout)
  if ('stderr' in error && typeof error.stderr === 'string') parts.push(error.stderr)
  return parts.join('\n')
}
