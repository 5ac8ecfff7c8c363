import { CancelledError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { HarnessError, PlatformErrorKind } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'

const BY_STATUS: Readonly<Record<number, PlatformErrorKind>> = {
  400: 'invalid',
  401: 'auth',
  403: 'auth',
  404: 'not-found',
  409: 'conflict',
  412: 'conflict',
  429: 'throttled',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
}

/** LXD answers many failures with 400 or 500 and only the text tells what happened. First match wins. */
const BY_TEXT: readonly (readonly [RegExp, PlatformErrorKind])[] = [
  [/no space left|disk quota exceeded|not enough (?:free )?space/i, 'capacity'],
  [/cannot allocate memory|out of memory|resource temporarily unavailable/i, 'capacity'],
  [/reached maximum number|exceed(?:s|ed)? (?:the )?(?:project )?limit|limits\.\S+ .*(?:project|exceed)/i, 'quota'],
  [/not authorized|not trusted|permission denied|forbidden/i, 'auth'],
  [
    /already exists|already used|UNIQUE constraint|is busy running|currently in use|already in use|in use by|ETag doesn't match/i,
    'conflict',
  ],
  // The helper process of the files API had just ended: LXD shares one among calls and does not guard its end.
  [/forkfile\.sock/i, 'unavailable'],
  // The host end of a card that was just unplugged went away while Incus looked at it.
  [/bridge children interfaces/i, 'unavailable'],
  [/not found|no such object|doesn't exist|no such file/i, 'not-found'],
  [
    /database is locked|checkpoint in progress|no (?:known )?dqlite leader|context deadline exceeded|i\/o timeout|shutting down/i,
    'unavailable',
  ],
  [/invalid|unsupported|unknown (?:config|key|device)|must be|is not running|requires?\b|failed to run:/i, 'invalid'],
]

/** Kind of an answer of LXD. A status that says much wins over the text; 400 and 500 say little. */
export function kindOf(status: number, text: string): PlatformErrorKind {
  const byText = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1]
  if (status === 400 || status >= 500 || status === 0) return byText ?? BY_STATUS[status] ?? 'unavailable'
  return BY_STATUS[status] ?? byText ?? 'invalid'
}

/** An error answer of LXD to `action`, for example `GET /1.0/instances/x`. */
export function answerError(status: number, text: string, action: string): PlatformError {
  const kind = kindOf(status, text)
  const hint = hintFor(kind)
  const said = text || `status ${status}`
  return new PlatformError(kind, `LXD refused ${action}: ${said}`, {
    cause: new Error(said),
    ...(hint === undefined ? {} : { hint }),
  })
}

/** An operation that LXD accepted and that failed later. */
export function operationError(text: string, action: string): PlatformError {
  return new PlatformError(kindOf(0, text), `LXD failed ${action}: ${text}`, { cause: new Error(text) })
}

/** `error` told as the absence of a named thing when that is what it is. */
export function orMissing(error: unknown, what: string): unknown {
  if (!(error instanceof PlatformError && error.kind === 'not-found')) return error
  return new PlatformError('not-found', `${what}: no such file or directory`, { cause: error })
}

/** The daemon did not answer in time. */
export function deadlineError(action: string, deadlineMs: number): PlatformError {
  return new PlatformError('unavailable', `LXD did not finish ${action} within ${formatMs(deadlineMs)}`)
}

/** The caller's signal fired. */
export function cancelledError(action: string): CancelledError {
  return new CancelledError(`cancelled during ${action}`)
}

/** No connection to the daemon, or one that broke. */
export function connectionError(error: NodeJS.ErrnoException, action: string, where: string): HarnessError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new PrerequisiteError(`no permission to use LXD at ${where}`, {
      hint: 'sudo usermod -aG lxd "$USER" && newgrp lxd',
      cause: error,
    })
  }
  if (error.code?.startsWith('ERR_TLS') || error.code?.includes('CERT')) {
    return new PlatformError('auth', `the certificate of LXD at ${where} is not the one that was pinned`, {
      cause: error,
    })
  }
  return new PlatformError('unavailable', `LXD at ${where} does not answer ${action}: ${error.message || error.code}`, {
    cause: error,
  })
}

function hintFor(kind: PlatformErrorKind): string | undefined {
  if (kind === 'auth')
    return 'let the server trust this client: lxc config trust add CERTIFICATE, or join the group lxd'
  if (kind === 'capacity') return 'free space in the storage pool: harness sweep'
  return undefined
}
