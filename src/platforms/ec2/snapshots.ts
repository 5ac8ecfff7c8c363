import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { shortOf } from '../cloud-names.ts'
import type { Ec2Client, Image, Tag } from './client.ts'
import { marksOf } from './devices.ts'
import type { Place } from './power.ts'
import { tagged } from './tags.ts'

/** Makes an image of a machine, which may run. Returns the id of the image. */
export async function createImage(place: Place, name: string, about: Tag[], waiting: CallWaiting): Promise<string> {
  const { client, watch, id } = place
  const instance = await watch.of(id, { fresh: true })
  if (!instance) throw new PlatformError('not-found', `EC2 has no machine ${id}`)
  const imageName = `${marksOf(instance).find(({ Key }) => Key === 'Name')?.Value ?? id}-${name}`.slice(0, 110)
  const unique = `${imageName}-${shortOf(id, name)}`
  const tags = [...marksOf(instance), ...about]
  const made = await client
    .call(`making an image of ${id}`, waiting, (ec2, options) =>
      ec2.createImage(
        { InstanceId: id, Name: unique, NoReboot: true, TagSpecifications: tagged(['image', 'snapshot'], tags) },
        options,
      ),
    )
    .catch(async (error: unknown) => {
      // An answer was lost: the name is the machine's and the snapshot's own.
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
      return { ImageId: (await byName(client, unique, waiting))?.ImageId }
    })
  const image = made.ImageId ?? ''
  try {
    await untilAvailable(client, image, waiting)
    return image
  } catch (error) {
    await removeImage(client, image, { deadlineMs: 60_000 }).catch(() => undefined)
    throw error
  }
}

async function byName(client: Ec2Client, name: string, waiting: CallWaiting): Promise<Image | undefined> {
  return await waitUntil(
    { what: `the image ${name} to be listed`, deadlineMs: waiting.deadlineMs, intervalMs: 500 },
    async () => {
      const Filters = [{ Name: 'name', Values: [name] }]
      const found = await client.call('looking for an image', waiting, (ec2, options) =>
        ec2.describeImages({ Owners: ['self'], Filters }, options),
      )
      const image = found.Images?.[0]
      return image ? { done: true, value: image } : { done: false, saw: 'nothing' }
    },
  )
}

/** @throws PlatformError when the image failed */
export async function untilAvailable(client: Ec2Client, image: string, waiting: CallWaiting): Promise<void> {
  const { deadlineMs, signal } = waiting
  const failed = await waitUntil(
    {
      what: `the image ${image} to be available`,
      deadlineMs,
      intervalMs: 500,
      maxIntervalMs: 10_000,
      ...(signal ? { signal } : {}),
    },
    async (): Promise<Attempt<string | undefined>> => {
      const Filters = [{ Name: 'image-id', Values: [image] }]
      const found = await client.call(`asking for the image ${image}`, waiting, (ec2, options) =>
        ec2.describeImages({ Filters }, options),
      )
      const state = found.Images?.[0]?.State
      if (state === 'available') return { done: true, value: undefined }
      if (state === 'failed' || state === 'error')
        return { done: true, value: found.Images?.[0]?.StateReason?.Message ?? state }
      return { done: false, saw: state ?? 'not listed' }
    },
  )
  if (failed !== undefined) throw new PlatformError('unavailable', `EC2 failed to make the image ${image}: ${failed}`)
}

/** Removes an image and the snapshots it is made of. One that is gone is fine. */
export async function removeImage(client: Ec2Client, image: string, waiting: CallWaiting): Promise<void> {
  const Filters = [{ Name: 'image-id', Values: [image] }]
  const found = await client.call(`asking for the image ${image}`, waiting, (ec2, options) =>
    ec2.describeImages({ Filters, Owners: ['self'] }, options),
  )
  const snapshots = (found.Images?.[0]?.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? [])
  await client.forgiving(`removing the image ${image}`, waiting, (ec2, options) =>
    ec2.deregisterImage({ ImageId: image }, options),
  )
  for (const snapshot of snapshots) await removeSnapshot(client, snapshot, waiting)
}

export async function removeSnapshot(client: Ec2Client, snapshot: string, waiting: CallWaiting): Promise<void> {
  await client.forgiving(`removing the snapshot ${snapshot}`, waiting, (ec2, options) =>
    ec2.deleteSnapshot({ SnapshotId: snapshot }, options),
  )
}
