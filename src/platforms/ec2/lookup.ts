import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Choices } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { Ec2Client, InstanceTypeInfo } from './client.ts'
import { checkBoot } from './images.ts'
import type { FoundImage } from './images.ts'
import { manifest } from './manifest.ts'
import type { Ec2Options, LaunchExtra } from './options.ts'

/** What a region offers; asked once. */
export class Lookup {
  readonly #client: Ec2Client
  readonly #types = new Map<string, Promise<InstanceTypeInfo | undefined>>()
  readonly #zones = new Map<string, Promise<string[]>>()

  constructor(client: Ec2Client) {
    this.#client = client
  }

  /** What a type can do; undefined where the region has none of that name. */
  type(name: string, waiting: CallWaiting): Promise<InstanceTypeInfo | undefined> {
    return once(this.#types, name, async () => {
      try {
        const doing = `asking what ${name} can do`
        const InstanceTypes = [name] as NonNullable<InstanceTypeInfo['InstanceType']>[]
        const answer = await this.#client.call(doing, waiting, (ec2, options) =>
          ec2.describeInstanceTypes({ InstanceTypes }, options),
        )
        return answer.InstanceTypes?.[0]
      } catch (error) {
        if (error instanceof PlatformError && error.kind === 'invalid') return undefined
        throw error
      }
    })
  }

  /** Zones that have a type, by name. */
  zones(type: string, waiting: CallWaiting): Promise<string[]> {
    return once(this.#zones, type, async () => {
      const found = await this.#client.list(
        `asking which zones have ${type}`,
        waiting,
        (ec2, page, options) =>
          ec2.describeInstanceTypeOfferings(
            { LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [type] }], ...page },
            options,
          ),
        ({ InstanceTypeOfferings }) => InstanceTypeOfferings,
      )
      return found.map(({ Location = '' }) => Location).sort()
    })
  }
}

/** A failure is not remembered. */
function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const before = known.get(key)
  if (before) return before
  const asking = ask()
  known.set(key, asking)
  asking.catch(() => known.delete(key))
  return asking
}

/** Regions and types of a launch in the order they are tried; zones are known when a region is asked. */
export function choicesOf(
  request: Pick<LaunchRequest, 'instanceType'>,
  extra: LaunchExtra,
  options: Ec2Options,
  home: string,
): Choices {
  const type = request.instanceType ?? manifest.defaultInstanceType
  const others = extra.region === undefined && extra.zone === undefined ? (options['other-regions'] ?? []) : []
  const region = extra.region ?? (extra.zone === undefined ? home : extra.zone.replace(/[a-z]$/, ''))
  const zones = extra.zone === undefined ? (region === home ? (options.zones ?? []) : []) : [extra.zone]
  return {
    regions: [{ region, zones }, ...others.map((other) => ({ region: other, zones: [] }))],
    types: [type, ...(options['equivalent-types']?.[type] ?? [])],
  }
}

/** Whether a type can be what the request needs. @throws UnsupportedError that names what does not fit */
export function checkType(
  type: InstanceTypeInfo,
  image: FoundImage,
  request: LaunchRequest,
  needs: { ipv6: boolean },
): void {
  const { InstanceType: name = '' } = type
  const architectures = type.ProcessorInfo?.SupportedArchitectures ?? []
  const wanted = image.architecture === 'arm64' ? 'arm64' : 'x86_64'
  if (!architectures.includes(wanted)) {
    throw new UnsupportedError(
      `${name} is ${architectures.join(' or ')}, and the image ${image.description} is ${wanted}`,
      {
        hint: 'choose another instance-type, or an image of that architecture',
      },
    )
  }
  checkBoot(image, type.SupportedBootModes ?? [], request.boot, name)
  const most = type.NetworkInfo?.MaximumNetworkInterfaces
  if (most !== undefined && 1 + (request.nics ?? 0) > most)
    throw new UnsupportedError(`${name} takes ${most} network cards, and ${1 + (request.nics ?? 0)} are needed`, {
      hint: 'choose a larger instance-type',
    })
  const disks = type.EbsInfo?.MaximumEbsAttachments
  if (disks !== undefined && 1 + (request.disks?.length ?? 0) > disks)
    throw new UnsupportedError(`${name} takes ${disks} disks, and ${1 + (request.disks?.length ?? 0)} are needed`, {
      hint: 'choose a larger instance-type',
    })
  if (needs.ipv6 && type.NetworkInfo?.Ipv6Supported === false)
    throw new UnsupportedError(`${name} has no IPv6`, { hint: 'choose a newer instance-type' })
}
