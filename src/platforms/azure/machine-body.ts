import { ConfigError, UnsupportedError } from '../../core/errors.ts'
import type { LaunchRequest } from '../platform.ts'
import type { VirtualMachine } from './client.ts'
import { expiryUserData } from '../guest-expiry.ts'
import type { FoundImage } from './images.ts'
import { tagsOf } from './marks.ts'
import type { Ground } from './network.ts'
import type { AzureOptions } from './options.ts'

/** https://learn.microsoft.com/en-us/azure/virtual-machines/user-data */
const MAX_USER_DATA = 65_536
const NETWORK_API = '2022-11-01'

/** What a launch comes to, once everything has been looked up. */
export interface Plan {
  request: LaunchRequest
  options: AzureOptions
  image: FoundImage
  user: string
  market: 'on-demand' | 'spot'
  address: 'public' | 'private'
}

/** One call makes the machine with its disk, card and address, and its delete options take all of them with it. */
export function machineBody(
  plan: Plan,
  ground: Ground,
  place: { location: string; zone: string | undefined; size: string },
): VirtualMachine {
  const { request, options, image, user } = plan
  const tags = tagsOf(request.owner)
  const storage = options['disk-type'] ?? 'StandardSSD_LRS'
  return {
    location: place.location,
    tags,
    ...(place.zone === undefined ? {} : { zones: [place.zone] }),
    hardwareProfile: { vmSize: place.size },
    storageProfile: {
      imageReference: image.reference,
      osDisk: {
        name: `${request.name}-os`,
        createOption: 'FromImage',
        deleteOption: 'Delete',
        managedDisk: { storageAccountType: storage },
        ...(options['disk-gib'] === undefined ? {} : { diskSizeGB: options['disk-gib'] }),
      },
      dataDisks: (request.disks ?? []).map(({ sizeGiB }, lun) => ({
        lun,
        name: `${request.name}-d${lun + 1}`,
        createOption: 'Empty',
        deleteOption: 'Delete',
        diskSizeGB: sizeGiB,
        managedDisk: { storageAccountType: storage },
      })),
    },
    osProfile: {
      computerName: request.name.slice(0, 64),
      adminUsername: user,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: {
          publicKeys: (request.sshKeys ?? []).map((keyData) => ({
            keyData,
            path: `/home/${user}/.ssh/authorized_keys`,
          })),
        },
      },
    },
    networkProfile: { networkApiVersion: NETWORK_API, networkInterfaceConfigurations: cards(plan, ground, tags) },
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...(request.boot === 'uefi-secure'
      ? {
          securityProfile: {
            securityType: 'TrustedLaunch',
            uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
          },
        }
      : {}),
    ...(plan.market === 'spot'
      ? { priority: 'Spot', evictionPolicy: 'Deallocate', billingProfile: { maxPrice: -1 } }
      : {}),
    ...userDataOf(plan),
  }
}

type Cards = NonNullable<NonNullable<VirtualMachine['networkProfile']>['networkInterfaceConfigurations']>

function cards({ request, address }: Plan, ground: Ground, tags: Record<string, string>): Cards {
  return Array.from({ length: 1 + (request.nics ?? 0) }, (_, index) => ({
    name: `${request.name}-nic${index}`,
    primary: index === 0,
    deleteOption: 'Delete',
    tags,
    ...(ground.securityGroup === undefined ? {} : { networkSecurityGroup: { id: ground.securityGroup } }),
    ipConfigurations: [
      {
        name: 'ipv4',
        primary: true,
        subnet: { id: ground.subnet },
        ...(index === 0 && address === 'public'
          ? {
              publicIPAddressConfiguration: {
                name: `${request.name}-ip`,
                deleteOption: 'Delete',
                publicIPAllocationMethod: 'Static',
                sku: { name: 'Standard', tier: 'Regional' },
                tags,
              },
            }
          : {}),
      },
    ],
  }))
}

/** User-data of a test are never touched; a launch that brings none gets the timer by which the machine ends itself. */
function userDataOf({ request, options }: Plan): { userData?: string } {
  if (request.vendorData !== undefined) throw new UnsupportedError('azure has no vendor-data that a user can give')
  if (request.networkConfig !== undefined) throw new UnsupportedError('azure takes no network-config')
  const limited = options['self-destruct'] ?? true
  const userData = request.userData ?? (limited ? expiryUserData(request.owner) : undefined)
  if (userData === undefined) return {}
  const bytes = Buffer.from(userData)
  if (bytes.length > MAX_USER_DATA)
    throw new ConfigError(`user-data of ${bytes.length} bytes are more than the ${MAX_USER_DATA} that Azure takes`, {
      hint: 'compress them, or fetch the rest with #include',
    })
  return { userData: bytes.toString('base64') }
}
