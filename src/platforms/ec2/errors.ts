import { HarnessError, PlatformError, PrerequisiteError } from '../../core/errors.ts'
import type { PlatformErrorKind } from '../../core/errors.ts'

const CODES = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html'
const STATE = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html'
const NODE = 'https://nodejs.org/api/errors.html#common-system-errors'

/** How one failure is recognised, what it is, and what is to be done. */
export interface ErrorRow {
  /** Error code of the API, reason of a state, or code of a socket; `status` where no code is known. */
  on: RegExp | { status: number }
  kind: PlatformErrorKind
  hint?: string
  source: string
}

const QUOTA = 'ask for more quota in the console of Service Quotas, or set limits.ec2 in the matrix'
const PLACES = 'allow other zones, types or regions: zones, equivalent-types, other-regions'
const SIGN_IN = 'sign in again: aws sso login, or renew the keys; and look at the clock of this host'
const RIGHTS = 'see which permission is missing: harness doctor ec2'

/** First match wins. */
export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    on: /^(Server\.)?Insufficient(Instance|Host|ReservedInstance|Reserved)?Capacity(OnHost)?$/,
    kind: 'capacity',
    hint: PLACES,
    source: CODES,
  },
  { on: /^InsufficientFreeAddressesInSubnet$/, kind: 'capacity', hint: PLACES, source: CODES },
  {
    on: /^Server\.SpotInstance(Termination|Shutdown)$/,
    kind: 'capacity',
    hint: 'the next attempt is on demand; or set market: on-demand',
    source: STATE,
  },
  { on: /^SpotMaxPriceTooLow$/, kind: 'capacity', hint: PLACES, source: CODES },
  {
    on: /^(InstanceLimitExceeded|VcpuLimitExceeded|MaxSpotInstanceCountExceeded|PendingVcpuLimitExceeded|Client\.InstanceLimitExceeded)$/,
    kind: 'quota',
    hint: QUOTA,
    source: CODES,
  },
  {
    on: /^(Client\.)?\w*(Volume|Snapshot|Vpc|Group|Address|Attachment|Gateway|Interface|KeyPair|Resource)\w*LimitExceeded$/,
    kind: 'quota',
    hint: QUOTA,
    source: CODES,
  },
  {
    on: /^(RequestLimitExceeded|Throttling|ThrottlingException|TooManyRequestsException|SlowDown|SnapshotCreationPerVolumeRateExceeded)$/,
    kind: 'throttled',
    source: 'https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html',
  },
  {
    on: /^(AuthFailure|UnauthorizedOperation|Blocked|OptInRequired|PendingVerification|AccessDenied(Exception)?)$/,
    kind: 'auth',
    hint: RIGHTS,
    source: CODES,
  },
  {
    on: /^(RequestExpired|ExpiredToken(Exception)?|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|UnrecognizedClientException)$/,
    kind: 'auth',
    hint: SIGN_IN,
    source: CODES,
  },
  { on: /(\.NotFound|NotFound)$/, kind: 'not-found', source: CODES },
  { on: /\.Malformed$/, kind: 'not-found', source: CODES },
  { on: /^InvalidAMIID\.Unavailable$/, kind: 'not-found', source: CODES },
  {
    on: /^(IdempotentParameterMismatch|DependencyViolation|IncorrectInstanceState|IncorrectState|IncorrectModificationState|VolumeInUse|\w+\.(Duplicate|InUse|AlreadyAssociated)|InvalidAMIName\.Duplicate|ResourceAlreadyAssociated|ConcurrentTagAccess)$/,
    kind: 'conflict',
    source: CODES,
  },
  { on: /^(Server\.)?(InternalError|InternalFailure)$/, kind: 'unavailable', source: CODES },
  { on: /^(Unavailable|ServiceUnavailable|RequestTimeout)$/, kind: 'unavailable', source: CODES },
  {
    on: /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|TimeoutError|AbortError|NetworkingError)$/,
    kind: 'unavailable',
    hint: 'is there a network, and are `region` and `endpoint` right?',
    source: NODE,
  },
  {
    on: /^(Invalid\w*|Missing\w*|Unknown\w*|Unsupported\w*|UnsupportedOperation|DryRunOperation|\w+\.\w+)$/,
    kind: 'invalid',
    source: CODES,
  },
  { on: { status: 403 }, kind: 'auth', hint: RIGHTS, source: CODES },
  { on: { status: 404 }, kind: 'not-found', source: CODES },
  { on: { status: 400 }, kind: 'invalid', source: CODES },
  { on: { status: 500 }, kind: 'unavailable', source: CODES },
  { on: { status: 502 }, kind: 'unavailable', source: CODES },
  { on: { status: 503 }, kind: 'unavailable', source: CODES },
]

/** The only place where an error of EC2 becomes one of ours. */
export function toPlatformError(error: unknown, doing: string): HarnessError {
  if (error instanceof HarnessError) return error
  const { name = '', message, code, status } = saidBy(error)
  if (name === 'CredentialsProviderError' || /could not load credentials|token.*expired.*sso/i.test(message))
    return new PrerequisiteError(`no credentials of AWS were found while ${doing}: ${message}`, {
      hint: 'sign in: aws configure sso, or set AWS_PROFILE, or give access-key-id and secret-access-key',
      cause: error,
    })
  if (/region is missing/i.test(message))
    return new PrerequisiteError('no region of AWS is set', {
      hint: 'set region in the options of the platform, or AWS_REGION',
      cause: error,
    })
  return platformError([code, name], status, `EC2 failed ${doing}: ${firstLine(message) || name}`, error)
}

/** An instance that was accepted and then ended by itself, with the code of its state. */
export function endedError(
  reason: { Code?: string | undefined; Message?: string | undefined } | undefined,
  name: string,
): PlatformError {
  const code = reason?.Code ?? 'unknown'
  const cause = new Error(reason?.Message ?? code)
  return platformError([code], undefined, `EC2 ended ${name}: ${firstLine(reason?.Message ?? code)}`, cause)
}

function platformError(
  codes: readonly (string | undefined)[],
  status: number | undefined,
  message: string,
  cause: unknown,
): PlatformError {
  const known = codes.flatMap((code) => (code ? [code] : []))
  const row =
    ERROR_TABLE.find(({ on }) => on instanceof RegExp && known.some((code) => on.test(code))) ??
    ERROR_TABLE.find(({ on }) => !(on instanceof RegExp) && on.status === status)
  return new PlatformError(row?.kind ?? 'unavailable', message, {
    cause,
    ...(row?.hint === undefined ? {} : { hint: row.hint }),
  })
}

function saidBy(error: unknown): { name?: string; message: string; code?: string; status?: number } {
  const { name, message, code, $metadata } = (error ?? {}) as Record<string, unknown>
  const status = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode
  return {
    message: typeof message === 'string' ? message : String(error),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 600) ?? ''
}
