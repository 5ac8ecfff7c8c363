import { ApiError } from './api-error.ts'
import type { ApiRequest } from '../serve.ts'

/** Who may call, by bearer token. */
export interface Principal {
  /** Permissions of IAM, such as `compute.instances.create`. Default: everything is allowed. */
  permissions?: readonly string[]
  /** The token is over from then on, milliseconds since the epoch. */
  expires?: number
}

/** Verbs of permissions that are not those of their methods. */
const VERBS: Readonly<Record<string, string>> = { insert: 'create', aggregatedList: 'list', wait: 'get' }

/** https://cloud.google.com/compute/docs/access/iam-permissions */
export function permissionFor(operation: string): string {
  const [service = '', method = ''] = operation.split('.')
  if (operation === 'instances.attachDisk') return 'compute.instances.attachDisk'
  if (method === 'addNetworkInterface' || method === 'deleteNetworkInterface') return 'compute.instances.update'
  return `compute.${service}.${VERBS[method] ?? method}`
}

/**
 * Finds the caller of a request. Without a list of principals every token is good.
 * @throws ApiError 401 without a token or with one that is over, 403 for what the caller may not do
 */
export function checkAccess(
  request: ApiRequest,
  operation: string,
  principals: Readonly<Record<string, Principal>> | undefined,
): void {
  checkPermission(request.headers['authorization'], permissionFor(operation), principals)
}

/** The same for a permission by its name. @throws ApiError */
export function checkPermission(
  authorization: string | undefined,
  needed: string,
  principals: Readonly<Record<string, Principal>> | undefined,
): void {
  const [, token] = /^Bearer (.+)$/.exec(authorization ?? '') ?? []
  if (token === undefined) throw new ApiError(401, 'required', 'Login Required.')
  if (!principals) return
  const principal = Object.hasOwn(principals, token) ? principals[token] : undefined
  if (!principal || (principal.expires ?? Number.POSITIVE_INFINITY) <= Date.now())
    throw new ApiError(401, 'authError', 'Request had invalid authentication credentials.')
  if (principal.permissions && !principal.permissions.includes(needed))
    throw new ApiError(403, 'forbidden', `Required '${needed}' permission for 'projects/p'`)
}
