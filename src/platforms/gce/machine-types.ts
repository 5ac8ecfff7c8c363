import { ConfigError } from '../../core/errors.ts'
import type { MachineType } from './client.ts'
import type { FoundImage } from './images.ts'
import type { LaunchRequest } from '../platform.ts'

/** Series of types that can run virtual machines of their own, by the begin of their name. */
const NESTED = /^(n1|n2|c2|c3|c4|m1|m2|m3|n4)-/

/** Network cards a type may have: one per vCPU from two to eight, two for smaller ones. */
export function mostNics(type: Pick<MachineType, 'guestCpus' | 'isSharedCpu'>): number {
  return Math.min(8, Math.max(2, type.guestCpus ?? 1))
}

/**
 * Refuses a type that cannot do what the launch asks for. Numbers of cards:
 * https://cloud.google.com/vpc/docs/create-use-multiple-interfaces#max-interfaces; nested virtualisation:
 * https://cloud.google.com/compute/docs/instances/nested-virtualization/overview#restrictions
 * @throws ConfigError that says what does not fit
 */
export function checkType(
  type: MachineType,
  image: FoundImage,
  request: Pick<LaunchRequest, 'disks' | 'nics'>,
  nested = false,
): void {
  const name = type.name ?? ''
  const architecture = type.architecture === 'ARM64' ? 'arm64' : 'amd64'
  const refuse = (why: string, hint: string) => {
    throw new ConfigError(`the type ${name} cannot run this: ${why}`, { hint })
  }
  if (architecture !== image.architecture)
    refuse(
      `it is ${architecture}, and ${image.id} is for ${image.architecture}`,
      'choose an instance-type or image of the other architecture',
    )
  if (nested && !canNest(type))
    refuse('it has no nested virtualisation', 'choose a type of the series n1, n2, c2, c3, c4 or n4')
  const nics = 1 + (request.nics ?? 0)
  if (nics > mostNics(type))
    refuse(`it has at most ${mostNics(type)} network cards, not ${nics}`, 'choose a larger type')
  const disks = 1 + (request.disks?.length ?? 0)
  const most = type.maximumPersistentDisks ?? 128
  if (disks > most) refuse(`it has at most ${most} disks, not ${disks}`, 'ask for fewer disks')
}

/** Whether a machine of this type can run virtual machines of its own. */
function canNest(type: Pick<MachineType, 'name' | 'architecture'>): boolean {
  return type.architecture !== 'ARM64' && NESTED.test(type.name ?? '')
}
