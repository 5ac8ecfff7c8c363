import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { tokenOf } from '../cloud-names.ts'
import type { Ec2Client, Instance, Tag } from './client.ts'
import { DEVICES } from './device-names.ts'
import type { Place } from './power.ts'
import { MARKS, tagged } from './tags.ts'
import { untilKnown } from './until-known.ts'

/** Adds an empty disk. Returns its id. */
export async function addDisk(place: Place, sizeGiB: number, waiting: CallWaiting): Promise<string> {
  const { client, id } = place
  const instance = await present(place)
  const used = new Set((instance.BlockDeviceMappings ?? []).map(({ DeviceName }) => DeviceName))
  const device = DEVICES.find((name) => !used.has(name))
  if (device === undefined) throw new PlatformError('quota', `${id} has no name left for another disk`)
  const token = tokenOf('disk', id, device, [...used].join(' '), process.pid, performance.now())
  const made = await client.call(`making a disk for ${id}`, waiting, (ec2, options) =>
    ec2.createVolume(
      {
        AvailabilityZone: instance.Placement?.AvailabilityZone,
        ClientToken: token,
        Size: sizeGiB,
        VolumeType: 'gp3',
        TagSpecifications: tagged(['volume'], marksOf(instance)),
      },
      options,
    ),
  )
  const volume = made.VolumeId ?? ''
  try {
    await untilVolume(client, volume, 'available', waiting)
    await client.call(`attaching the disk ${volume}`, waiting, (ec2, options) =>
      ec2.attachVolume({ VolumeId: volume, InstanceId: id, Device: device }, options),
    )
    await untilVolume(client, volume, 'in-use', waiting)
    // It goes with the machine.
    await client.call(`keeping the disk ${volume} with its machine`, waiting, (ec2, options) =>
      ec2.modifyInstanceAttribute(
        { InstanceId: id, BlockDeviceMappings: [{ DeviceName: device, Ebs: { DeleteOnTermination: true } }] },
        options,
      ),
    )
    place.watch.forget(id)
    return volume
  } catch (error) {
    await removeVolume(client, volume, waiting).catch(() => undefined)
    throw error
  }
}

export async function removeDisk({ client, watch, id }: Place, volume: string, waiting: CallWaiting): Promise<void> {
  await client
    .forgiving(`detaching the disk ${volume}`, waiting, (ec2, options) =>
      ec2.detachVolume({ VolumeId: volume, InstanceId: id }, options),
    )
    .catch((error: unknown) => {
      // It is detached already.
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
    })
  watch.forget(id)
  await removeVolume(client, volume, waiting)
}

/** Removes a disk that no machine has. One that is gone is fine. */
export async function removeVolume(client: Ec2Client, volume: string, waiting: CallWaiting): Promise<void> {
  const there = await untilVolume(client, volume, 'available', waiting)
  if (!there) return
  await client.forgiving(`removing the disk ${volume}`, waiting, (ec2, options) =>
    ec2.deleteVolume({ VolumeId: volume }, options),
  )
}

/** Resolves with false when there is no such disk any more. */
async function untilVolume(client: Ec2Client, volume: string, wanted: string, waiting: CallWaiting): Promise<boolean> {
  const { deadlineMs, signal } = waiting
  let seen = false
  return await waitUntil(
    {
      what: `the disk ${volume} to be ${wanted}`,
      deadlineMs,
      intervalMs: 500,
      maxIntervalMs: 4000,
      ...(signal ? { signal } : {}),
    },
    async (): Promise<Attempt<boolean>> => {
      const Filters = [{ Name: 'volume-id', Values: [volume] }]
      const found = await client.call(`asking for the disk ${volume}`, waiting, (ec2, options) =>
        ec2.describeVolumes({ Filters }, options),
      )
      const state = found.Volumes?.[0]?.State
      if (state === wanted) return { done: true, value: true }
      if (state === undefined && (seen || wanted === 'available')) {
        if (seen) return { done: true, value: false }
        seen = true
      }
      return { done: false, saw: state ?? 'not listed' }
    },
  )
}

/** Adds a network card in the subnet of the first. Returns its id. */
export async function addNic(place: Place, waiting: CallWaiting): Promise<string> {
  const { client, id } = place
  const instance = await present(place)
  const cards = instance.NetworkInterfaces ?? []
  const index = Math.max(0, ...cards.map(({ Attachment }) => Attachment?.DeviceIndex ?? 0)) + 1
  const made = await client.call(`making a network card for ${id}`, waiting, (ec2, options) =>
    ec2.createNetworkInterface(
      {
        ClientToken: tokenOf('nic', id, index, process.pid, performance.now()),
        SubnetId: instance.SubnetId,
        Groups: (instance.SecurityGroups ?? []).map(({ GroupId = '' }) => GroupId),
        Description: `card ${index} of ${id}`,
        TagSpecifications: tagged(['network-interface'], marksOf(instance)),
      },
      options,
    ),
  )
  const card = made.NetworkInterface?.NetworkInterfaceId ?? ''
  try {
    const attached = await untilKnown(waiting, () =>
      client.call(`attaching the network card ${card}`, waiting, (ec2, options) =>
        ec2.attachNetworkInterface({ NetworkInterfaceId: card, InstanceId: id, DeviceIndex: index }, options),
      ),
    )
    // It goes with the machine.
    await client.call(`keeping the network card ${card} with its machine`, waiting, (ec2, options) =>
      ec2.modifyNetworkInterfaceAttribute(
        { NetworkInterfaceId: card, Attachment: { AttachmentId: attached.AttachmentId, DeleteOnTermination: true } },
        options,
      ),
    )
    place.watch.forget(id)
    return card
  } catch (error) {
    await removeCard(client, card, waiting).catch(() => undefined)
    throw error
  }
}

export async function removeNic({ client, watch, id }: Place, card: string, waiting: CallWaiting): Promise<void> {
  await removeCard(client, card, waiting)
  watch.forget(id)
}

/** Detaches and removes a card. One that is gone is fine. */
export async function removeCard(client: Ec2Client, card: string, waiting: CallWaiting): Promise<void> {
  const { deadlineMs, signal } = waiting
  let detached = false
  await waitUntil(
    {
      what: `the network card ${card} to go`,
      deadlineMs,
      intervalMs: 500,
      maxIntervalMs: 4000,
      ...(signal ? { signal } : {}),
    },
    async (): Promise<Attempt<true>> => {
      const Filters = [{ Name: 'network-interface-id', Values: [card] }]
      const found = await client.call(`asking for the network card ${card}`, waiting, (ec2, options) =>
        ec2.describeNetworkInterfaces({ Filters }, options),
      )
      const [present] = found.NetworkInterfaces ?? []
      if (!present) return { done: true, value: true }
      if (present.Status === 'available') {
        await client.forgiving(`removing the network card ${card}`, waiting, (ec2, options) =>
          ec2.deleteNetworkInterface({ NetworkInterfaceId: card }, options),
        )
        return { done: true, value: true }
      }
      if (!detached)
        await client.forgiving(`detaching the network card ${card}`, waiting, (ec2, options) =>
          ec2.detachNetworkInterface({ AttachmentId: present.Attachment?.AttachmentId, Force: true }, options),
        )
      detached = true
      return { done: false, saw: present.Status ?? 'no state' }
    },
  )
}

async function present({ watch, id }: Place): Promise<Instance> {
  const instance = await watch.of(id, { fresh: true })
  if (!instance) throw new PlatformError('not-found', `EC2 has no machine ${id}`)
  return instance
}

/** The marks of a machine, for what is made for it. */
export function marksOf(instance: Instance): Tag[] {
  return (instance.Tags ?? []).filter(({ Key = '' }) => Key === 'Name' || MARKS.includes(Key))
}
