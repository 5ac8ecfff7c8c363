import type { ApiRequest } from '../serve.ts'
import { ApiError } from './api-error.ts'
import { allows } from './policy.ts'
import type { PolicyDocument } from './policy.ts'

/** Who may call, by access key. */
export interface Principal {
  /** Default: everything is allowed. */
  policy?: PolicyDocument
  /** The credentials are over from then on, milliseconds since the epoch. */
  expires?: number
}

export interface Caller {
  accessKey: string
  region: string
  service: string
  principal: Principal
}

/** AWS refuses what was signed this far from its own clock. */
const MOST_SKEW_MS = 5 * 60_000

/**
 * Reads who calls from the signature of a request. The signature itself is not checked, for which the secret would have to be known.
 * @throws ApiError AuthFailure, RequestExpired
 */
export function readCaller(request: ApiRequest, principals: Readonly<Record<string, Principal>>, now: number): Caller {
  const header = request.headers['authorization'] ?? ''
  const scope = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/.exec(header)
  if (!scope) throw new ApiError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403)
  const [, accessKey = '', , region = '', service = ''] = scope
  const signed = dateOf(request.headers['x-amz-date'] ?? '')
  if (signed === undefined || Math.abs(now - signed) > MOST_SKEW_MS)
    throw new ApiError('RequestExpired', 'Request has expired.', 400)
  return { accessKey, region, service, principal: principalOf(accessKey, principals, now) }
}

/**
 * The same for an address that was signed: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @throws ApiError AuthFailure, RequestExpired
 */
export function readPresigned(
  query: URLSearchParams,
  host: string,
  principals: Readonly<Record<string, Principal>>,
  now: number,
): Caller {
  const scope = /^([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/.exec(query.get('X-Amz-Credential') ?? '')
  const complete =
    query.get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    query.get('X-Amz-SignedHeaders') === 'host' &&
    /^[0-9a-f]{64}$/.test(query.get('X-Amz-Signature') ?? '')
  if (!scope || !complete || host === '')
    throw new ApiError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403)
  const [, accessKey = '', , region = '', service = ''] = scope
  const signed = dateOf(query.get('X-Amz-Date') ?? '')
  const validMs = Number(query.get('X-Amz-Expires') ?? 0) * 1000
  if (signed === undefined || now < signed - MOST_SKEW_MS || now > signed + validMs)
    throw new ApiError('RequestExpired', 'Request has expired.', 400)
  return { accessKey, region, service, principal: principalOf(accessKey, principals, now) }
}

function principalOf(accessKey: string, principals: Readonly<Record<string, Principal>>, now: number): Principal {
  const principal = Object.hasOwn(principals, accessKey) ? principals[accessKey] : undefined
  if (!principal) throw new ApiError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401)
  if (principal.expires !== undefined && now >= principal.expires)
    throw new ApiError('RequestExpired', 'Request has expired.', 400)
  return principal
}

function dateOf(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second] = parts.map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

/** @throws ApiError UnauthorizedOperation */
export function authorize(
  { principal, accessKey }: Pick<Caller, 'principal' | 'accessKey'>,
  action: string,
  context: Readonly<Record<string, string>>,
): void {
  if (principal.policy && !allows(principal.policy, action, context))
    throw new ApiError(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. User: ${accessKey} is not authorized to perform: ${action}`,
      403,
    )
}
