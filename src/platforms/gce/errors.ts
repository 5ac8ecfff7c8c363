import { HarnessError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { PlatformErrorKind } from '../../core/errors.ts'

const REFERENCE = 'https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_errors'
const RESOURCES = 'https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability'

/** How one failure is recognised, what it is, and what is to be done. */
export interface ErrorRow {
  /** HTTP status, code of an operation's error, or code of a socket. */
  on: { status?: number; code?: RegExp; says?: RegExp }
  kind: PlatformErrorKind
  hint?: string
  source: string
}

const QUOTA = 'ask for more quota, or set limits.gce in the matrix'
const ACCESS = 'see which permission is missing: harness doctor --platform gce'

/** First match wins. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    on: { code: /^(ZONE_)?RESOURCE_POOL_EXHAUSTED(_WITH_DETAILS)?$|^STOCKOUT$/ },
    kind: 'capacity',
    hint: 'allow other zones, types or regions: zones, equivalent-types, other-regions',
    source: RESOURCES,
  },
  { on: { says: /does not have enough resources available/ }, kind: 'capacity', source: RESOURCES },
  { on: { code: /^(QUOTA_EXCEEDED|LIMIT_EXCEEDED|quotaExceeded)$/ }, kind: 'quota', hint: QUOTA, source: REFERENCE },
  { on: { says: /^Quota '[A-Z0-9_]+' exceeded/ }, kind: 'quota', hint: QUOTA, source: REFERENCE },
  {
    on: { code: /^(RATE_LIMIT_EXCEEDED|rateLimitExceeded|userRateLimitExceeded)$/ },
    kind: 'throttled',
    source: 'https://cloud.google.com/compute/api-quota',
  },
  { on: { says: /rate limit exceeded|quota exceeded for quota metric/i }, kind: 'throttled', source: REFERENCE },
  { on: { status: 429 }, kind: 'throttled', source: REFERENCE },
  { on: { code: /^RESOURCE_NOT_FOUND$/ }, kind: 'not-found', source: REFERENCE },
  { on: { code: /^RESOURCE_ALREADY_EXISTS$/ }, kind: 'conflict', source: REFERENCE },
  { on: { code: /^RESOURCE_NOT_READY$/ }, kind: 'unavailable', source: REFERENCE },
  { on: { code: /^(RESOURCE_IN_USE_BY_ANOTHER_RESOURCE|CONDITION_NOT_MET)$/ }, kind: 'conflict', source: REFERENCE },
  { on: { code: /^(PERMISSIONS_ERROR|FORBIDDEN)$/ }, kind: 'auth', hint: ACCESS, source: REFERENCE },
  { on: { code: /^(INTERNAL_ERROR|SERVICE_UNAVAILABLE|BACKEND_ERROR)$/ }, kind: 'unavailable', source: REFERENCE },
  { on: { code: /^(INVALID_USAGE|INVALID_FIELD_VALUE|UNSUPPORTED_OPERATION)$/ }, kind: 'invalid', source: REFERENCE },
  {
    on: { status: 401 },
    kind: 'auth',
    hint: 'sign in again: gcloud auth application-default login',
    source: REFERENCE,
  },
  { on: { status: 403 }, kind: 'auth', hint: ACCESS, source: REFERENCE },
  { on: { says: /invalid_grant|could not refresh access token/i }, kind: 'auth', source: REFERENCE },
  { on: { status: 404 }, kind: 'not-found', source: REFERENCE },
  { on: { status: 409 }, kind: 'conflict', source: REFERENCE },
  { on: { status: 412 }, kind: 'conflict', source: REFERENCE },
  { on: { status: 413 }, kind: 'invalid', source: REFERENCE },
  { on: { status: 400 }, kind: 'invalid', source: REFERENCE },
  { on: { status: 500 }, kind: 'unavailable', source: REFERENCE },
  { on: { status: 501 }, kind: 'invalid', source: REFERENCE },
  { on: { status: 502 }, kind: 'unavailable', source: REFERENCE },
  { on: { status: 503 }, kind: 'unavailable', source: REFERENCE },
  { on: { status: 504 }, kind: 'unavailable', source: REFERENCE },
  {
    on: { code: /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR_.*)$/ },
    kind: 'unavailable',
    hint: 'is there a network, and is `endpoint` right?',
    source: 'https://nodejs.org/api/errors.html#common-system-errors',
  },
  {
    on: { says: /socket hang up|network socket disconnected|fetch failed|deadline exceeded|timed? ?out|aborted/i },
    kind: 'unavailable',
    source: 'https://nodejs.org/api/errors.html',
  },
]

/** What an operation or a call said, wherever the SDK keeps it. */
interface Said {
  status?: number | undefined
  codes: readonly string[]
  message: string
}

/** The only place where an error of Compute Engine becomes one of ours. */
export function toPlatformError(error: unknown, doing: string): HarnessError {
  if (error instanceof HarnessError) return error
  const said = saidBy(error)
  if (/could not load the default credentials|unable to detect a project id/i.test(said.message))
    return new PrerequisiteError(`no credentials of Google Cloud were found while ${doing}`, {
      hint: 'sign in: gcloud auth application-default login, or set `key-file`',
      cause: error,
    })
  return platformError(said, doing, error)
}

/** An operation that ended with errors, which the SDK does not throw. */
export function operationError(
  errors: readonly { code?: string | null; message?: string | null }[],
  doing: string,
  status?: number | null,
): PlatformError {
  const said: Said = {
    status: status ?? undefined,
    codes: errors.flatMap(({ code }) => (code ? [code] : [])),
    message: errors.map(({ code, message }) => message || code || '').join('; '),
  }
  return platformError(said, doing, new Error(said.message))
}

function platformError(said: Said, doing: string, cause: unknown): PlatformError {
  const row = ERROR_TABLE.find(({ on }) => matches(on, said))
  const shown = said.message.split('\n')[0]?.slice(0, 600) || `status ${said.status ?? 'unknown'}`
  return new PlatformError(row?.kind ?? 'unavailable', `Compute Engine failed ${doing}: ${shown}`, {
    cause,
    ...(row?.hint === undefined ? {} : { hint: row.hint }),
  })
}

function matches({ status, code, says }: ErrorRow['on'], said: Said): boolean {
  if (status !== undefined) return status === said.status
  if (code !== undefined) return said.codes.some((one) => code.test(one))
  return says?.test(said.message) ?? false
}

function saidBy(error: unknown): Said {
  const { message, reason, code, httpStatusCode, status, response, cause } = (error ?? {}) as Record<string, unknown>
  const text = typeof message === 'string' ? message : String(error)
  const http = [httpStatusCode, status, (response as { status?: unknown } | undefined)?.status].find(isStatus)
  const inner = (cause ?? {}) as { code?: unknown }
  const codes = [reason, code, inner.code].filter((one) => typeof one === 'string')
  return { status: http ?? (isStatus(code) ? code : undefined), codes: [...codes, ...reasonsIn(text)], message: text }
}

/** A gRPC code is smaller. */
function isStatus(value: unknown): value is number {
  return typeof value === 'number' && value >= 400 && value < 600
}

/** Some errors have the body of the answer as their message. */
function reasonsIn(text: string): string[] {
  return [...text.matchAll(/"reason":\s*"([A-Za-z_]+)"/g)].map((match) => match[1] ?? '')
}
