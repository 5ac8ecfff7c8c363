import { PlatformError } from '../../core/errors.ts'
import type { Devices, InstanceInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { cloudNic, forgetNic } from './cloud/attach-nic.ts'
import { removeRulesOf } from './network-rules.ts'
import { networkForNic, removeNetworksOf } from './own-network.ts'
import { tagsIn } from './tags.ts'
import { createVolume, removeVolume } from './volumes.ts'

const path = (name: string) => `/1.0/instances/${name}`

/**
 * Adds a network card, without a network named on a bridge where the instance has none yet.
 * @returns the name of the device, which is that of the interface in a container
 */
export async function addNic(client: LxdClient, name: string, wanted: string | undefined): Promise<string> {
  const instance = await client.get<InstanceInfo>(path(name))
  const id = freeName('eth', instance.expanded_devices)
  const tags = tagsIn(instance.config)
  const cloud = wanted === undefined ? await cloudNic(client, instance) : undefined
  const network =
    wanted ?? cloud?.network ?? (await networkForNic(client, name, instance.expanded_devices, { nic: id, tags }))
  try {
    await changeDevices(client, name, (devices) => {
      devices[id] = { type: 'nic', name: id, ...cloud, network }
    })
  } catch (error) {
    await removeNetworksOf(client, name, network)
    await removeRulesOf(client, name, network)
    throw error
  }
  return id
}

/** Adds an empty disk: a folder `/mnt/<id>` in a container, a block device in a virtual machine. */
export async function addDisk(client: LxdClient, name: string, sizeGiB: number): Promise<string> {
  const instance = await client.get<InstanceInfo>(path(name))
  const pool =
    Object.values(instance.expanded_devices).find((device) => device.type === 'disk' && device.path === '/')?.pool ??
    'default'
  const id = freeName('disk', instance.expanded_devices)
  const volume = `${name}-${id}`
  const block = instance.type === 'virtual-machine'
  await createVolume(client, pool, volume, { instance: name, sizeGiB, block, tags: tagsIn(instance.config) })
  try {
    await changeDevices(client, name, (devices) => {
      devices[id] = { type: 'disk', pool, source: volume, ...(block ? {} : { path: `/mnt/${id}` }) }
    })
  } catch (error) {
    await removeVolume(client, `${pool}/${volume}`)
    throw error
  }
  return id
}

/** Removes a device, and the volume or network made for it; one that is not there is fine. */
export async function removeDevice(client: LxdClient, name: string, id: string): Promise<void> {
  const instance = await client.get<InstanceInfo>(path(name))
  const device = instance.devices[id]
  if (!device) return
  await changeDevices(client, name, (devices) => {
    delete devices[id]
  })
  if (device.type === 'nic' && device.network !== undefined) {
    await removeNetworksOf(client, name, device.network)
    await removeRulesOf(client, name, device.network)
    await forgetNic(instance, device.hwaddr)
  }
  if (device.type === 'disk' && device.source === `${name}-${id}`)
    await removeVolume(client, `${device.pool}/${device.source}`)
}

/** Changes the instance's own devices. Repeated when another change came between. */
export async function changeDevices(client: LxdClient, name: string, edit: (devices: Devices) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { value, etag } = await client.getTagged<InstanceInfo>(path(name))
    const { architecture, config, devices, ephemeral, profiles } = value
    edit(devices)
    try {
      await client.operate(
        'PUT',
        path(name),
        { json: { architecture, config, devices, ephemeral, profiles } },
        { headers: { 'if-match': etag } },
      )
      return
    } catch (error) {
      if (attempt >= 5 || !(error instanceof PlatformError && error.kind === 'conflict')) throw error
    }
  }
}

function freeName(prefix: string, devices: Devices): string {
  for (let number = 1; ; number++) if (!devices[`${prefix}${number}`]) return `${prefix}${number}`
}
