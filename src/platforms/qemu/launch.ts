import { createHash, randomBytes } from 'node:crypto'
import { copyFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CancelledError, ConfigError, PlatformError } from '../../core/errors.ts'
import type { LaunchRequest } from '../platform.ts'
import { SEED, VARIABLES } from './arguments.ts'
import type { Waiting } from './client.ts'
import { destroyMachine } from './destroy.ts'
import { newMac } from './devices.ts'
import { hostError } from './errors.ts'
import { findFirmware } from './firmware.ts'
import type { ImageFile } from './image-file.ts'
import { sizeOf } from './instance-types.ts'
import { addLayer, linkFiles } from './layers.ts'
import { manifest } from './manifest.ts'
import type { Accelerator, Architecture, LaunchExtra, QemuOptions } from './options.ts'
import { startMachine } from './power.ts'
import type { Place } from './power.ts'
import { machineDir, readRecord, snapshotDir, writeRecord } from './record.ts'
import type { MachineRecord, SnapshotRecord } from './record.ts'
import { seedVolume } from './seed.ts'
import { removeFolder, settleFolder, stagingFolder } from './staging.ts'

/** Made from an image file, or from a snapshot in its folder. */
export type Source =
  | { image: ImageFile; architecture: Architecture }
  | { snapshot: SnapshotRecord; id: string; architecture: Architecture }

export interface LaunchContext {
  root: string
  options: QemuOptions
  accelerator: Accelerator
}

const GIB = 1024 ** 3

/** Makes the folder of a machine and starts it. Whatever goes wrong, nothing of it stays. @throws PlatformError, ConfigError */
export async function launchMachine(
  context: LaunchContext,
  request: LaunchRequest,
  extra: LaunchExtra,
  source: Source,
): Promise<Place> {
  const dir = machineDir(context.root, request.name)
  const place = { dir, name: request.name, program: context.options.program }
  const until = performance.now() + request.deadlineMs
  const left = () => ({ deadlineMs: Math.max(1, until - performance.now()), signal: request.signal })
  if (request.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was made`)
  const planned = await plan(context, request, extra, source)
  await takeName(place, request, planned.record)
  try {
    await fillFolder(dir, context, request, source, planned, left())
    if (request.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was started`)
    await startMachine(place, left())
    return place
  } catch (error) {
    await destroyMachine(place)
    throw error
  }
}

interface Planned {
  record: MachineRecord
  /** Template of the firmware's variables, for a machine that gets its own. */
  variables?: string
}

async function plan(
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
    seed: extra.seed ?? true,
    network: extra.network ?? context.options.network ?? 'user',
    disks: [],
    nics: [],
    extra: {
      ...(extra.ports ? { ports: extra.ports } : {}),
      ...(extra.kernel ? { kernel: extra.kernel } : {}),
      ...(extra.smbios ? { smbios: extra.smbios } : {}),
      ...(extra.arguments ? { arguments: extra.arguments } : {}),
    },
  }
  return { record, ...(variables === undefined ? {} : { variables }) }
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

async function fillFolder(
  dir: string,
  context: LaunchContext,
  request: LaunchRequest,
  source: Source,
  { record, variables }: Planned,
  waiting: Waiting,
): Promise<void> {
  const layers = [...record.layers]
  const { diskBytes } = record
  if ('snapshot' in source) {
    const from = snapshotDir(context.root, source.id)
    await linkFiles(layers, from, dir)
    if (record.memory !== undefined) await linkFiles([record.memory], from, dir)
    if (record.firmware) await copyFile(join(from, VARIABLES), join(dir, VARIABLES))
    layers.push(await addLayer(dir, { path: layers.at(-1) ?? '', format: 'qcow2' }, diskBytes, waiting))
  } else layers.push(await addLayer(dir, source.image, diskBytes, waiting))
  try {
    if (variables !== undefined) await copyFile(variables, join(dir, VARIABLES))
    // Continued machines have the seed of the one whose memory they have: theirs was read long ago.
    if (record.seed) await writeFile(join(dir, SEED), seedVolume(request, record.instanceId), { mode: 0o600 })
  } catch (error) {
    throw hostError(`filling ${dir}`, error)
  }
  await writeRecord(dir, { ...record, layers })
}

/**
 * Makes the folder, with the record in it from its first moment: what a killed launch leaves is known as ours.
 * A name that is taken by what an earlier attempt of ours left is freed first.
 */
async function takeName(place: Place, { owner }: LaunchRequest, record: MachineRecord): Promise<void> {
  const staged = await stagingFolder(dirname(place.dir))
  try {
    await writeRecord(staged, record)
    if (await settleFolder(staged, place.dir)) return
    const present = await readRecord(place.dir, place.name).catch(() => undefined)
    const ours = present?.owner.runId === owner.runId && present.owner.cell === owner.cell
    if (ours) await destroyMachine(place)
    if (ours && (await settleFolder(staged, place.dir))) return
  } finally {
    await removeFolder(staged)
  }
  throw new PlatformError(
    'conflict',
    `a machine named ${place.name} exists and was not made for this cell of this run`,
    {
      hint: 'choose another name, or remove that machine',
      cause: new Error(`${place.dir} exists`),
    },
  )
}

/** The same for the same name of the same run, and different from all others. */
function uuidOf({ name, owner }: LaunchRequest): string {
  const hex = createHash('sha256').update(`${owner.runId}\n${name}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
