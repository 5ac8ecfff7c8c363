import { ApiError } from './api-error.ts'
import type { ApiRequest } from '../serve.ts'

/** Who may call, by bearer token. */
export interface Principal {
  /** Actions of a role, such as `Microsoft.Compute/virtualMachines/write`, with `*`. Default: everything is allowed. */
  actions?: readonly string[]
  /** The token is over from then on, milliseconds since the epoch. */
  expires?: number
}

const COMPUTE = new Set(['virtualMachines', 'disks', 'snapshots', 'images'])
const GALLERY: Readonly<Record<string, string>> = {
  galleries: 'galleries',
  galleryImages: 'galleries/images',
  galleryImageVersions: 'galleries/images/versions',
}
const NETWORK = new Set(['virtualNetworks', 'networkSecurityGroups', 'networkInterfaces', 'publicIPAddresses'])
const READS = new Set(['get', 'list', 'listByResourceGroup', 'listByGallery', 'listByGalleryImage', 'instanceView'])
/** Calls whose actions are not made of their names. */
const SPECIAL: Readonly<Record<string, string>> = {
  'virtualMachines.retrieveBootDiagnosticsData': 'Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action',
  'disks.grantAccess': 'Microsoft.Compute/disks/beginGetAccess/action',
  'disks.revokeAccess': 'Microsoft.Compute/disks/endGetAccess/action',
  'virtualMachineImages.list': 'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read',
  'virtualMachineImages.get': 'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read',
  'resourceSkus.list': 'Microsoft.Compute/skus/read',
  'usage.list': 'Microsoft.Compute/locations/usages/read',
  'resources.list': 'Microsoft.Resources/subscriptions/resources/read',
  'resources.listByResourceGroup': 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
  'operations.operations': 'Microsoft.Compute/locations/operations/read',
  'operations.results': 'Microsoft.Compute/locations/operations/read',
}

/** https://learn.microsoft.com/en-us/azure/role-based-access-control/permissions/compute */
export function actionFor(operation: string): string {
  const special = Object.hasOwn(SPECIAL, operation) ? SPECIAL[operation] : undefined
  if (special !== undefined) return special
  const [kind = '', verb = ''] = operation.split('.')
  const action = verb === 'put' ? 'write' : READS.has(verb) ? 'read' : verb === 'delete' ? 'delete' : `${verb}/action`
  if (Object.hasOwn(GALLERY, kind)) return `Microsoft.Compute/${GALLERY[kind]}/${action}`
  if (COMPUTE.has(kind)) return `Microsoft.Compute/${kind}/${verb === 'instanceView' ? 'instanceView/read' : action}`
  if (NETWORK.has(kind)) return `Microsoft.Network/${kind}/${action}`
  return `Microsoft.Resources/subscriptions/${kind}/${action}`
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
  const [, token] = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '') ?? []
  if (token === undefined) throw new ApiError(401, 'AuthenticationFailed', 'Authentication failed.')
  if (!principals) return
  const principal = Object.hasOwn(principals, token) ? principals[token] : undefined
  if (!principal) throw new ApiError(401, 'InvalidAuthenticationToken', 'The access token is invalid.')
  if ((principal.expires ?? Number.POSITIVE_INFINITY) <= Date.now())
    throw new ApiError(401, 'ExpiredAuthenticationToken', 'The access token expiry is in the past.')
  const needed = actionFor(operation)
  if (principal.actions && !principal.actions.some((action) => action.toLowerCase() === needed.toLowerCase()))
    throw new ApiError(
      403,
      'AuthorizationFailed',
      `The client does not have authorization to perform action '${needed}'.`,
    )
}
