import { UnsupportedError } from '../../../core/errors.ts'
import type { DmiKey, ProvisioningDisc } from '../../../imds/cloud.ts'
import { findCloud } from '../../../imds/clouds.ts'
import { newDocument } from '../../../imds/document.ts'
import type { CloudIdentity } from '../../cloud-identity.ts'
import { startGuestService } from '../../guest-service.ts'
import type { LaunchRequest } from '../../platform.ts'
import { userNetwork } from '../network.ts'

/** What a machine has of a cloud, as far as its record must know. */
export interface CloudRecord {
  dmi: Partial<Record<DmiKey, string>>
  /** Addresses in the guest's network, and the sockets that answer there. */
  services: { address: string; path: string }[]
  /** Names of the metadata service. */
  hostNames: string[]
  /** Socket for `connectControl`. */
  control: string
  /** It has a CD drive with a disc. */
  disc: boolean
}

/** What is not as on the cloud. Told in reports. */
export const OVERRIDES: readonly string[] = [
  'the network is 168.0.0.0/7, because it must contain the addresses of the metadata service',
  'names of the metadata service are in /etc/hosts, by a credential of systemd in the firmware tables',
  'Azure: the DHCP server does not send options 121 and 245',
]

/** Name of a machine's service among those of this process. */
export const serviceName = (machine: string) => `qemu/${machine}`

/**
 * Starts the metadata service of a machine that is about to be made. It ends with this process, or when it is stopped.
 * @throws UnsupportedError for cards and addresses that the network of QEMU does not have
 */
export async function prepareGuest(
  request: LaunchRequest,
  identity: CloudIdentity,
  mac: string,
): Promise<{ record: CloudRecord; disc: ProvisioningDisc | undefined }> {
  if ((identity.nics ?? 1) > 1 || identity.ipv6)
    throw new UnsupportedError('on qemu the metadata of a cloud tell of one card, without IPv6', {
      hint: 'use lxd for checks of networks',
    })
  const cloud = findCloud(identity.cloud)
  const { address, prefix, gateway, dns } = userNetwork({ network: 'user' })
  const secondary = Array.from({ length: identity.secondaryAddresses ?? 0 }, (_, index) => `168.0.2.${100 + index}`)
  const { userData, vendorData, sshKeys, name } = request
  const document = newDocument(cloud, `${request.owner.runId} ${name}`, {
    hostname: name.slice(0, 60),
    nics: [{ mac, ipv4: { address, prefix, gateway, ...(secondary.length > 0 ? { secondary } : {}) } }],
    dns: [dns],
    sshKeys: [...(sshKeys ?? [])],
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData }),
    ...identity.document,
  })
  const service = await startGuestService(serviceName(name), cloud, document, identity)
  const disc = cloud.disc?.(service.document)
  return {
    record: {
      dmi: cloud.dmi(service.document),
      services: service.sockets.map(({ address: at, path }) => ({ address: at, path })),
      hostNames: [...(cloud.hostNames ?? [])],
      control: service.control,
      disc: disc !== undefined,
    },
    disc,
  }
}
