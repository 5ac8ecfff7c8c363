import { PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { HarnessError, PlatformErrorKind } from '../../core/errors.ts'

/** QEMU tells failures only as text. First match wins. */
const BY_TEXT: readonly (readonly [RegExp, PlatformErrorKind])[] = [
  [/no space left|disk quota exceeded/i, 'capacity'],
  [/cannot allocate memory|cannot set up guest memory|failed to allocate/i, 'capacity'],
  [
    /could not set up host forwarding|address already in use|failed to get (?:shared )?"|is another process using/i,
    'conflict',
  ],
  [/duplicate (?:node|id|device)|already exists/i, 'conflict'],
  [/permission denied|operation not permitted/i, 'auth'],
  [/no such file or directory|not found/i, 'not-found'],
]

const HINTS: Partial<Record<PlatformErrorKind, string>> = {
  capacity: 'free space or memory on this host: harness sweep',
}

/** What QEMU or qemu-img said, as one of ours. */
export function saidError(doing: string, said: string): PlatformError {
  const text = said.trim()
  const kind = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'invalid'
  const hint = HINTS[kind]
  const shown = text.split('\n').slice(-3).join('; ') || 'it said nothing'
  return new PlatformError(kind, `QEMU failed ${doing}: ${shown}`, {
    cause: new Error(shown),
    ...(hint === undefined ? {} : { hint }),
  })
}

/** A failure of the file system of this host. */
export function hostError(doing: string, error: unknown): HarnessError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new PlatformError('capacity', `no space left while ${doing}: ${message}`, {
      hint: 'free some space on this host: harness sweep',
      cause: error,
    })
  return new PrerequisiteError(`failed while ${doing}: ${message}`, { cause: error })
}

/** Something by that name is not there. */
export function missing(what: string, hint?: string): PlatformError {
  return new PlatformError('not-found', what, {
    cause: new Error(what),
    ...(hint === undefined ? {} : { hint }),
  })
}
