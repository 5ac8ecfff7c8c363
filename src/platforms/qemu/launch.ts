import { copyFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CancelledError, PlatformError } from '../../core/errors.ts'
import { stopGuestService } from '../guest-service.ts'
import type { LaunchRequest } from '../platform.ts'
import { KEY, SEED, VARIABLES } from './arguments.ts'
import type { Waiting } from './client.ts'
import { DISC } from './cloud/cloud-arguments.ts'
import { prepareGuest, serviceName } from './cloud/prepare-guest.ts'
import { destroyMachine } from './destroy.ts'
import { hostError } from './errors.ts'
import { isoVolume } from './iso.ts'
import { addLayer, linkFiles } from './layers.ts'
import type { LaunchExtra } from './options.ts'
import { planLaunch } from './plan-launch.ts'
import type { LaunchContext, Planned, Source } from './plan-launch.ts'
import { startMachine } from './power.ts'
import type { Place } from './power.ts'
import { createDisk } from './qemu-img.ts'
import { machineDir, readRecord, snapshotDir, writeRecord } from './record.ts'
import type { MachineRecord } from './record.ts'
import { seedVolume } from './seed.ts'
import { removeFolder, settleFolder, stagingFolder } from './staging.ts'

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
  const planned = await planLaunch(context, request, extra, source)
  await takeName(place, request, planned.record)
  try {
    const guest = request.cloudIdentity && (await prepareGuest(request, request.cloudIdentity, planned.record.mac))
    if (guest) planned.record.cloud = guest.record
    await fillFolder(dir, context, request, source, planned, left())
    if (guest?.disc) await writeFile(join(dir, DISC), isoVolume(guest.disc.label, guest.disc.files), { mode: 0o600 })
    if (request.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was started`)
    await startMachine(place, left())
    return place
  } catch (error) {
    await destroyMachine(place)
    await stopGuestService(serviceName(request.name))
    throw error
  }
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
    if (record.memory !== undefined) {
      await linkFiles([record.memory], from, dir)
      await copyFile(join(from, KEY), join(dir, KEY)).catch(() => undefined)
    }
    if (record.firmware) await copyFile(join(from, VARIABLES), join(dir, VARIABLES))
    layers.push(await addLayer(dir, { path: layers.at(-1) ?? '', format: 'qcow2' }, diskBytes, waiting))
  } else layers.push(await addLayer(dir, source.image, diskBytes, waiting))
  for (const [index, { sizeGiB }] of (request.disks ?? []).entries())
    await createDisk(join(dir, record.disks[index]?.file ?? ''), { size: sizeGiB * GIB }, waiting)
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
