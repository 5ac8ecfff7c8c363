import { ConfigError, UnsupportedError } from '../../core/errors.ts'
import { lifetimeSeconds, ownerText } from '../cloud-names.ts'
import type { Place } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { Instance, NetworkInterface } from './client-instances.ts'
import type { FoundImage } from './images.ts'
import { labelsOf } from './marks.ts'
import type { Attachment } from './network.ts'
import type { GceOptions } from './options.ts'

/** Largest value of one metadata entry: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations */
const MAX_VALUE = 262_144
/** A machine that outlives its marks by this much destroys itself. */
const GRACE_SECONDS = 900
/** https://cloud.google.com/compute/docs/instances/limit-vm-runtime */
const MOST_SECONDS = 120 * 86_400

/** What a launch comes to, once everything has been looked up. */
export interface Plan {
  request: LaunchRequest
  options: GceOptions
  image: FoundImage
  user: string
  attachment: Attachment
  extraNics: readonly { network?: string; subnetwork?: string }[]
  market: 'on-demand' | 'spot'
  address: 'public' | 'private' | 'ipv6'
  nested: boolean
}

/** The create call of a machine. */
export function instanceBody(plan: Plan, place: Place): Instance {
  const { request, options, image, attachment } = plan
  const labels = labelsOf(request.owner)
  return {
    name: request.name,
    description: ownerText(request.owner),
    machineType: `zones/${place.zone}/machineTypes/${place.instanceType}`,
    labels,
    tags: { items: [...attachment.tags] },
    metadata: { items: metadataOf(plan) },
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          sourceImage: image.id,
          labels,
          diskType: `zones/${place.zone}/diskTypes/${options['disk-type'] ?? 'pd-balanced'}`,
          ...(options['disk-gib'] === undefined ? {} : { diskSizeGb: String(options['disk-gib']) }),
        },
      },
      ...(request.disks ?? []).map(({ sizeGiB }, index) => ({
        autoDelete: true,
        deviceName: `disk-${index + 1}`,
        initializeParams: {
          diskName: `${request.name.slice(0, 56)}-d${index + 1}`,
          diskSizeGb: String(sizeGiB),
          labels,
          diskType: `zones/${place.zone}/diskTypes/${options['disk-type'] ?? 'pd-balanced'}`,
        },
      })),
    ],
    networkInterfaces: [
      firstNic(plan, place),
      ...plan.extraNics.map((nic) => ({ ...nic, ...inRegion(nic.subnetwork, place) })),
    ],
    scheduling: schedulingOf(plan),
    ...(options.display ? { displayDevice: { enableDisplay: true } } : {}),
    ...(plan.nested ? { advancedMachineFeatures: { enableNestedVirtualization: true } } : {}),
    ...(request.boot === 'uefi-secure'
      ? { shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true } }
      : {}),
  }
}

function firstNic({ attachment, address }: Plan, place: Place): NetworkInterface {
  const { network, subnetwork } = attachment
  const nat = { name: 'External NAT', type: 'ONE_TO_ONE_NAT', networkTier: 'PREMIUM' }
  return {
    network,
    ...inRegion(subnetwork, place),
    ...(address === 'private' ? {} : { accessConfigs: [nat] }),
    ...(address === 'ipv6'
      ? {
          stackType: 'IPV4_IPV6',
          ipv6AccessConfigs: [{ name: 'External IPv6', type: 'DIRECT_IPV6', networkTier: 'PREMIUM' }],
        }
      : {}),
  }
}

/** A name alone means the subnetwork in the region of the machine. */
function inRegion(subnetwork: string | undefined, { region }: Place): { subnetwork?: string } {
  if (subnetwork === undefined) return {}
  return { subnetwork: subnetwork.includes('/') ? subnetwork : `regions/${region}/subnetworks/${subnetwork}` }
}

/** A machine that nobody destroys is deleted by the platform; a spot machine that is taken away is only stopped, so that it can tell. */
function schedulingOf({ request, options, market }: Plan): NonNullable<Instance['scheduling']> {
  const spot = market === 'spot'
  const seconds = Math.min(MOST_SECONDS, lifetimeSeconds(request.owner, GRACE_SECONDS))
  const limited = options['self-destruct'] ?? true
  return {
    ...(spot ? { provisioningModel: 'SPOT', onHostMaintenance: 'TERMINATE' } : { provisioningModel: 'STANDARD' }),
    automaticRestart: false,
    ...(limited ? { maxRunDuration: { seconds: String(seconds) }, instanceTerminationAction: 'DELETE' } : {}),
    ...(spot && !limited ? { instanceTerminationAction: 'STOP' } : {}),
  }
}

/** @throws ConfigError for values that are too large; UnsupportedError */
function metadataOf({ request, user }: Plan): { key: string; value: string }[] {
  if (request.vendorData !== undefined) throw new UnsupportedError('gce has no vendor-data that a user can give')
  if (request.networkConfig !== undefined) throw new UnsupportedError('gce takes no network-config')
  const keys = (request.sshKeys ?? []).map((key) => `${user}:${key}`).join('\n')
  const items = {
    ...request.metaData,
    ...(keys === '' ? {} : { 'ssh-keys': keys }),
    'block-project-ssh-keys': 'TRUE',
    'enable-oslogin': 'FALSE',
    // The guest tells its host keys by them.
    'enable-guest-attributes': 'TRUE',
    ...(request.userData === undefined ? {} : { 'user-data': request.userData }),
  }
  for (const [key, value] of Object.entries(items)) {
    const size = Buffer.byteLength(value)
    if (size > MAX_VALUE)
      throw new ConfigError(`${key} of ${size} bytes is more than the ${MAX_VALUE} that Compute Engine takes`, {
        hint: 'compress it, or fetch the rest with #include',
      })
  }
  return Object.entries(items).map(([key, value]) => ({ key, value }))
}
