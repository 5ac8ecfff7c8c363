import { ConfigError } from '../../core/errors.ts'
import type { LaunchRequest } from '../platform.ts'
import type { ResourceSku } from './client.ts'
import type { FoundImage } from './images.ts'

/** A size of machines in one location, with what it can do. */
export interface Size {
  name: string
  cpus: number
  memoryMiB: number
  architecture: 'amd64' | 'arm64'
  generations: readonly number[]
  maxNics: number
  maxDisks: number
  /** Zones in which this subscription may use it; empty where the location has none. */
  zones: readonly string[]
  /** Why this subscription may not use it in the location at all. */
  closed: string | undefined
}

/** Names and meanings of capabilities: https://learn.microsoft.com/en-us/rest/api/compute/resource-skus/list */
export function sizeOf(sku: ResourceSku, location: string): Size {
  const can = new Map((sku.capabilities ?? []).map(({ name, value }) => [name ?? '', value ?? '']))
  const here = (sku.locationInfo ?? []).find((info) => info.location?.toLowerCase() === location.toLowerCase())
  const restrictions = sku.restrictions ?? []
  const shut = new Set(
    restrictions.filter(({ type }) => type === 'Zone').flatMap(({ restrictionInfo }) => restrictionInfo?.zones ?? []),
  )
  return {
    name: sku.name ?? '',
    cpus: Number(can.get('vCPUs') ?? 0),
    memoryMiB: Number(can.get('MemoryGB') ?? 0) * 1024,
    architecture: can.get('CpuArchitectureType') === 'Arm64' ? 'arm64' : 'amd64',
    generations: (can.get('HyperVGenerations') ?? 'V1').split(',').map((word) => Number(word.trim().slice(1))),
    maxNics: Number(can.get('MaxNetworkInterfaces') ?? 1),
    maxDisks: Number(can.get('MaxDataDiskCount') ?? 0),
    zones: (here?.zones ?? []).filter((zone) => !shut.has(zone)).toSorted(),
    closed: restrictions.find(({ type }) => type === 'Location')?.reasonCode,
  }
}

/** Refuses a size that cannot do what the launch asks for. @throws ConfigError that says what does not fit */
export function checkSize(size: Size, image: FoundImage, request: Pick<LaunchRequest, 'disks' | 'nics'>): void {
  const refuse = (why: string, hint: string) => {
    throw new ConfigError(`the size ${size.name} cannot run this: ${why}`, { hint })
  }
  if (image.architecture !== '' && size.architecture !== image.architecture)
    refuse(
      `it is ${size.architecture}, and ${image.id} is for ${image.architecture}`,
      'choose an instance-type or image of the other architecture',
    )
  if (!size.generations.includes(image.generation))
    refuse(
      `it boots generation ${size.generations.join(' and ')}, and ${image.id} is of ${image.generation}`,
      'choose another size, or boot',
    )
  const nics = 1 + (request.nics ?? 0)
  if (nics > size.maxNics) refuse(`it has at most ${size.maxNics} network cards, not ${nics}`, 'choose a larger size')
  const disks = request.disks?.length ?? 0
  if (disks > size.maxDisks)
    refuse(`it has at most ${size.maxDisks} disks besides, not ${disks}`, 'choose a larger size')
}
