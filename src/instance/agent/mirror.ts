import { HarnessError, PlatformError, WaitTimeoutError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'

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
  /\b(?:500|502|503|504)\s{1,3}(?:Internal|Bad|Service|Gateway|Server)/i,
  /Cannot download repomd|Failed to download metadata|No more mirrors to try/i,
  /temporary error \(try again later\)|network error \(check Internet connection/i,
  /Could not get lock|Unable to lock|is another process using it/i,
]

/** The same for trouble that waiting does not cure: an index that is too old, a wrong clock, a signature nobody here trusts. */
const LASTING_TROUBLE: readonly RegExp[] = [
  /Release file for \S+ is (?:expired|not valid yet)/i,
  /\bNO_PUBKEY\b|\bBADSIG\b|\bEXPKEYSIG\b|Missing key\b/,
  /signatures? (?:couldn't|could not) be verified/i,
  /repository '[^']*' is not signed/i,
]

const isLasting = (line: string) => LASTING_TROUBLE.some((pattern) => pattern.test(line))

/** The first line of `output` that blames the archive or the network, if there is one; trouble that lasts comes first. */
export function mirrorTrouble(output: string): string | undefined {
  const lines = output.split('\n')
  const found = lines.find(isLasting) ?? lines.find((line) => MIRROR_TROUBLE.some((pattern) => pattern.test(line)))
  return found?.trim()
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
 * @throws PlatformError when the archive had trouble five times, until the deadline, or for good: the image was not judged.
 */
export async function withMirrorRetries<T>(
  options: MirrorOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { what, deadlineMs, signal } = options
  let failures = 0
  const waiting = { what: `the archive, to ${what}`, deadlineMs, intervalMs: 2000, maxIntervalMs: 10_000 }
  const attempt = async (attemptSignal: AbortSignal): Promise<Attempt<() => T>> => {
    try {
      const value = await action(attemptSignal)
      return { done: true, value: () => value }
    } catch (error) {
      const trouble = mirrorTrouble(textOf(error))
      if (trouble === undefined) throw error
      const lasting = isLasting(trouble)
      failures++
      if (lasting || failures >= ATTEMPTS) {
        const message = `could not ${what}${lasting ? '' : ` in ${failures} attempts`}: ${trouble}`
        return { done: true, value: () => fail(lasting ? 'invalid' : 'unavailable', message, error) }
      }
      options.onRetry?.(trouble)
      return { done: false, saw: trouble }
    }
  }
  try {
    const outcome = await waitUntil({ ...waiting, ...(signal === undefined ? {} : { signal }) }, attempt)
    return outcome()
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error
    return fail('unavailable', `could not ${what}: ${error.message}`, error)
  }
}

const ATTEMPTS = 5

function fail(kind: 'unavailable' | 'invalid', message: string, cause: unknown): never {
  const hint = 'check the network, the clock and the archive the image uses, then run again'
  throw new PlatformError(kind, message, { hint, cause })
}

function textOf(error: unknown): string {
  if (!(error instanceof HarnessError)) return ''
  const parts: string[] = []
  if ('stderr' in error && typeof error.stderr === 'string') parts.push(error.stderr)
  if ('stdout' in error && typeof error.stdout === 'string') parts.push(error.stdout)
  parts.push(error.message)
  return parts.join('\n')
}
