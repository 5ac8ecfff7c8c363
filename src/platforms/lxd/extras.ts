import type { LaunchRequest } from '../platform.ts'
import type { Devices, InstanceInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { addDisk, addNic, changeDevices } from './devices.ts'

/** Names of network cards beyond the first, as they are given when one is added. */
const ADDED = /^eth[1-9]\d*$/

/**
 * Gives a machine that was not started yet the disks and network cards of its launch request.
 * A copy has none of those its original was given: they belong to that machine and go with it.
 * @param copy of a machine, with the devices it was itself created with
 */
export async function addExtras(
  client: LxdClient,
  { name, disks = [], nics = 0 }: LaunchRequest,
  copy: { given: Devices } | undefined,
): Promise<void> {
  if (copy) await dropInherited(client, name, copy.given)
  for (const { sizeGiB } of disks) await addDisk(client, name, sizeGiB)
  for (let number = 0; number < nics; number++) await addNic(client, name, undefined)
}

async function dropInherited(client: LxdClient, name: string, given: Devices): Promise<void> {
  const { devices } = await client.get<InstanceInfo>(`/1.0/instances/${name}`)
  const inherited = Object.entries(devices).flatMap(([id, device]) => {
    if (given[id]) return []
    const volume = device.type === 'disk' && device.path !== '/' && device.pool !== undefined
    return volume || (device.type === 'nic' && ADDED.test(id)) ? [id] : []
  })
  if (inherited.length === 0) return
  await changeDevices(client, name, (own) => {
    for (const id of inherited) delete own[id]
  })
}
