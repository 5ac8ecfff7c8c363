import type { LaunchRequest } from '../platform.ts'
import { isoVolume } from './iso.ts'

/** The volume label by which cloud-init's NoCloud source finds its data. */
const LABEL = 'cidata'

type Seeding = Pick<LaunchRequest, 'userData' | 'vendorData' | 'networkConfig' | 'metaData' | 'sshKeys' | 'name'>

/**
 * The data volume of cloud-init's NoCloud source.
 * @param instanceId new for every launch, so that a copy of a machine knows that it is another one
 */
export function seedVolume(request: Seeding, instanceId: string): Uint8Array {
  const optional = { 'vendor-data': request.vendorData, 'network-config': request.networkConfig }
  return isoVolume(LABEL, [
    { name: 'meta-data', content: metaData(request, instanceId) },
    // cloud-init takes the volume only when this file is there.
    { name: 'user-data', content: request.userData ?? '' },
    ...Object.entries(optional).flatMap(([name, content]) => (content === undefined ? [] : [{ name, content }])),
  ])
}

/** YAML; JSON strings and lists are YAML too. */
function metaData(request: Seeding, instanceId: string): string {
  const values: Record<string, unknown> = {
    'instance-id': instanceId,
    'local-hostname': request.name,
    ...(request.sshKeys?.length ? { 'public-keys': request.sshKeys } : {}),
    ...request.metaData,
  }
  return Object.entries(values)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}\n`)
    .join('')
}
