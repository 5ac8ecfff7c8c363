import { createHash, randomBytes } from 'node:crypto'
import { ConfigError } from '../../core/errors.ts'
import type { LaunchRequest } from '../platform.ts'
import { HOT_PLUGS } from './arguments.ts'
import { newMac } from './devices.ts'
import { findFirmware } from './firmware.ts'
import type { ImageFile } from './image-file.ts'
import { sizeOf } from './instance-types.ts'
import { manifest } from './manifest.ts'
import type { Accelerator, Architecture, LaunchExtra, QemuOptions } from './options.ts'
import type { MachineRecord, SnapshotRecord } from './record.ts'

/** Made from an image file, or from a snapshot in its folder. */
export type Source =
  | { image: ImageFile; architecture: Architecture }
  | { snapshot: SnapshotRecord; id: string; architecture: Architecture }

export interface LaunchContext {
  root: string
  options: QemuOptions
  accelerator: Accelerator
}

export interface Planned {
  record: MachineRecord
  /** Template of the firmware's variables, for a machine that gets its own. */
  variables?: string
}

const GIB = 1024 ** 3

/** Decides what a machine is to be. Makes nothing. @throws ConfigError, PrerequisiteError without firmware */
export async function planLaunch(
  context: LaunchContext,
  request: LaunchRequest,
  extra: LaunchExtra,
  source: Source,
): Promise<Planned> {
  const before = 'snapshot' in source ? source.snapshot.machine : undefined
  if (request.warm) return { record: continued(request, source) }
  const size = sizeOf(request.instanceType)
  const boot = request.boot ?? before?.boot ?? defaultBoot(extra)
  if (!manifest.boots.includes(boot))
    throw new ConfigError(`qemu cannot boot "${boot}"`, { hint: `use ${manifest.boots.join(', ')}` })
  if (boot === 'bios' && source.architecture !== 'x86_64')
    throw new ConfigError(`${source.architecture} machines have no BIOS`, { hint: 'use boot: uefi' })
  const firmware = boot === 'bios' ? undefined : await findFirmware(source.architecture, boot === 'uefi-secure')
  const { code, format, smm } = firmware ?? {}
  const variables = 'snapshot' in source ? undefined : firmware?.variables
  const imageBytes = 'image' in source ? source.image.size : source.snapshot.machine.diskBytes
  const record: MachineRecord = {
    version: 1,
    name: request.name,
    owner: request.owner,
    image: 'image' in source ? source.image.path : source.id,
    architecture: source.architecture,
    accelerator: context.accelerator,
    boot,
    cpus: size.cpus,
    memoryMiB: size.memoryMiB,
    uuid: uuidOf(request),
    mac: newMac(),
    instanceId: `${request.name}-${randomBytes(4).toString('hex')}`,
    layers: before?.layers ?? [],
    diskBytes: Math.max(imageBytes, (extra.diskGiB ?? size.diskGiB) * GIB),
    ...(code !== undefined && format !== undefined ? { firmware: { code, format, smm: smm ?? false } } : {}),
    seed: extra.seed ?? request.cloudIdentity === undefined,
    sshKeys: [...(request.sshKeys ?? [])],
    // Root of a guest could set a route to the services of a cloud this host is on; a guest of a simulated one knows where they are.
    network: extra.network ?? context.options.network ?? (request.cloudIdentity ? 'isolated' : 'user'),
    ...added(request),
    extra: {
      ...(extra.ports ? { ports: extra.ports } : {}),
      ...(extra.kernel ? { kernel: extra.kernel } : {}),
      ...(extra.smbios ? { smbios: extra.smbios } : {}),
      ...(extra.arguments ? { arguments: extra.arguments } : {}),
    },
  }
  return { record, ...(variables === undefined ? {} : { variables }) }
}

/** Disks and cards a machine has from its first boot on take the places of added ones. */
function added({ disks = [], nics = 0 }: LaunchRequest): Pick<MachineRecord, 'disks' | 'nics'> {
  if (disks.length + nics > HOT_PLUGS)
    throw new ConfigError(`qemu has places for ${HOT_PLUGS} disks and network cards, not for ${disks.length + nics}`)
  return {
    disks: disks.map((_, plug) => ({ id: `disk-${plug + 1}`, file: `disk-${plug + 1}.qcow2`, plug })),
    nics: Array.from({ length: nics }, (_, index) => ({
      id: `nic-${index + 1}`,
      mac: newMac(),
      plug: disks.length + index,
    })),
  }
}

/** A kernel that is given needs no firmware that looks for one. */
function defaultBoot(extra: LaunchExtra): string {
  return extra.kernel && extra.architecture !== 'aarch64' ? 'bios' : 'uefi'
}

/** A machine that continues from saved memory must be built exactly as the one whose memory it was. */
function continued(request: LaunchRequest, source: Source): MachineRecord {
  if (!('snapshot' in source) || source.snapshot.memory === undefined)
    throw new ConfigError(`${request.image} has no saved memory to continue from`, {
      hint: 'take the snapshot with `memory: true`',
    })
  const { machine, memory } = source.snapshot
  if (machine.disks.length > 0)
    throw new ConfigError(`${request.image} was taken with added disks, which a copy does not have`)
  return { ...machine, name: request.name, owner: request.owner, image: source.id, memory }
}

/** The same for the same name of the same run, and different from all others. */
function uuidOf({ name, owner }: LaunchRequest): string {
  const hex = createHash('sha256').update(`${owner.runId}\n${name}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
