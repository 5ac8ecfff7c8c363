import { HarnessError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { PlatformErrorKind } from '../../core/errors.ts'

const ALLOCATION = 'https://learn.microsoft.com/en-us/troubleshoot/azure/virtual-machines/windows/allocation-failure'
const CODES = 'https://learn.microsoft.com/en-us/azure/azure-resource-manager/troubleshooting/common-deployment-errors'
const COMPUTE = 'https://learn.microsoft.com/en-us/troubleshoot/azure/virtual-machines/windows/error-messages'
const SOCKETS = 'https://nodejs.org/api/errors.html#common-system-errors'

/** How one failure is recognised, what it is, and what is to be done. */
export interface ErrorRow {
  on: { code?: RegExp; status?: number; says?: RegExp }
  kind: PlatformErrorKind
  hint?: string
  source: string
}

const QUOTA = 'ask for more quota, or set limits.azure in the matrix'
const ACCESS = 'see which permission is missing: harness doctor --platform azure'

/** First match wins. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    on: { code: /^(Zonal|OverconstrainedZonal|Overconstrained)?AllocationFailed|^AllocationFailure$/ },
    kind: 'capacity',
    hint: 'allow other zones, types or regions: zones, equivalent-types, other-regions',
    source: ALLOCATION,
  },
  {
    on: { code: /^SkuNotAvailable$/ },
    kind: 'capacity',
    hint: 'allow other types or regions: equivalent-types, other-regions',
    source: 'https://learn.microsoft.com/en-us/azure/azure-resource-manager/troubleshooting/error-sku-not-available',
  },
  { on: { code: /^(SpotEvicted|EvictedBySpot|LowPriorityCapacityNotAvailable)$/ }, kind: 'capacity', source: COMPUTE },
  {
    on: { code: /^(QuotaExceeded|ResourceQuotaExceeded|SubscriptionQuotaReached)$/ },
    kind: 'quota',
    hint: QUOTA,
    source: 'https://learn.microsoft.com/en-us/azure/azure-resource-manager/troubleshooting/error-resource-quota',
  },
  {
    on: { code: /^OperationNotAllowed$/, says: /quota|exceeding approved/i },
    kind: 'quota',
    hint: QUOTA,
    source: CODES,
  },
  {
    on: { code: /^(PublicIPCountLimitReached|NetworkSecurityGroupsCountLimitReached)$/ },
    kind: 'quota',
    hint: QUOTA,
    source: CODES,
  },
  {
    on: { code: /^(TooManyRequests|OperationThrottled|SubscriptionRequestsThrottled)$/ },
    kind: 'throttled',
    source: 'https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/request-limits-and-throttling',
  },
  { on: { status: 429 }, kind: 'throttled', source: CODES },
  {
    on: { code: /^(AuthorizationFailed|LinkedAuthorizationFailed|RequestDisallowedByPolicy)$/ },
    kind: 'auth',
    hint: ACCESS,
    source: CODES,
  },
  {
    on: { code: /^(AuthenticationFailed|InvalidAuthenticationToken|ExpiredAuthenticationToken)$/ },
    kind: 'auth',
    hint: 'sign in again: az login',
    source: CODES,
  },
  { on: { status: 401 }, kind: 'auth', hint: 'sign in again: az login', source: CODES },
  { on: { status: 403 }, kind: 'auth', hint: ACCESS, source: CODES },
  {
    on: { code: /^(ResourceNotFound|ResourceGroupNotFound|NotFound|ImageNotFound|PlatformImageNotFound)$/ },
    kind: 'not-found',
    source: CODES,
  },
  { on: { status: 404 }, kind: 'not-found', source: CODES },
  {
    on: {
      code: /^(AnotherOperationInProgress|OperationPreempted|RetryableError|ReferencedResourceNotProvisioned|ResourceGroupBeingDeleted)$/,
    },
    kind: 'unavailable',
    source: CODES,
  },
  { on: { status: 409 }, kind: 'conflict', source: CODES },
  { on: { status: 412 }, kind: 'conflict', source: CODES },
  {
    on: {
      code: /^(InternalServerError|InternalExecutionError|InternalOperationError|ServerTimeout|NetworkingInternalOperationError)$/,
    },
    kind: 'unavailable',
    source: COMPUTE,
  },
  {
    on: { code: /^(InvalidParameter|InvalidRequestFormat|BadRequest|PropertyChangeNotAllowed|InvalidResourceType)$/ },
    kind: 'invalid',
    source: CODES,
  },
  { on: { status: 400 }, kind: 'invalid', source: CODES },
  { on: { status: 501 }, kind: 'invalid', source: CODES },
  { on: { status: 500 }, kind: 'unavailable', source: CODES },
  { on: { status: 502 }, kind: 'unavailable', source: CODES },
  { on: { status: 503 }, kind: 'unavailable', source: CODES },
  { on: { status: 504 }, kind: 'unavailable', source: CODES },
  {
    on: { code: /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|REQUEST_SEND_ERROR)$/ },
    kind: 'unavailable',
    hint: 'is there a network, and is `endpoint` right?',
    source: SOCKETS,
  },
  { on: { says: /socket hang up|aborted|timed? ?out/i }, kind: 'unavailable', source: SOCKETS },
]

interface Said {
  status: number | undefined
  codes: readonly string[]
  message: string
}

/** The only place where an error of Azure becomes one of ours. */
export function toPlatformError(error: unknown, doing: string): HarnessError {
  if (error instanceof HarnessError) return error
  const said = saidBy(error)
  const { name } = (error ?? {}) as { name?: unknown }
  if (
    name === 'CredentialUnavailableError' ||
    name === 'ChainedTokenCredentialAuthenticationError' ||
    name === 'AggregateAuthenticationError'
  )
    return new PrerequisiteError(`no credentials of Azure were found while ${doing}`, {
      hint: 'sign in: az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
      cause: error,
    })
  if (name === 'AuthenticationError')
    return new PlatformError('auth', `Azure refused the credentials while ${doing}: ${said.message.split('\n')[0]}`, {
      hint: 'sign in again: az login',
      cause: error,
    })
  const row = ERROR_TABLE.find(({ on }) => matches(on, said))
  const shown = said.message.split('\n')[0]?.slice(0, 600) || `status ${said.status ?? 'unknown'}`
  const kind = row?.kind ?? ((said.status ?? 0) >= 400 && (said.status ?? 0) < 500 ? 'invalid' : 'unavailable')
  return new PlatformError(kind, `Azure failed ${doing}: ${shown}`, {
    cause: error,
    ...(row?.hint === undefined ? {} : { hint: row.hint }),
  })
}

function matches({ code, status, says }: ErrorRow['on'], said: Said): boolean {
  if (status !== undefined && status !== said.status) return false
  if (code !== undefined && !said.codes.some((one) => code.test(one))) return false
  return says === undefined || says.test(said.message)
}

/** An operation that ended badly is thrown as a plain error, whose message alone has the code. */
function saidBy(error: unknown): Said {
  const { message, code, statusCode, status, details } = (error ?? {}) as Record<string, unknown>
  const text = typeof message === 'string' ? message : String(error)
  const inner = ((details as { error?: unknown } | undefined)?.error ?? details ?? {}) as {
    code?: unknown
    message?: unknown
  }
  const words = /^The long-running operation has failed/.test(text)
    ? [...text.matchAll(/\b[A-Z][A-Za-z]{5,60}\b/g)].map(([word]) => word)
    : []
  const found = typeof statusCode === 'number' ? statusCode : Number(status)
  const said = text === '' && typeof inner.message === 'string' ? inner.message : text
  return {
    status: found >= 400 ? found : undefined,
    codes: [code, inner.code, ...words].filter((one) => typeof one === 'string'),
    message: said,
  }
}
