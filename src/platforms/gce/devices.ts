import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { ownerIn, ownerText, tokenOf } from '../cloud-names.ts'
import type { Instance, InZone } from './client-instances.ts'
import type { GceClient } from './client.ts'
import { labelsOf } from './marks.ts'
import type { Networks } from './network.ts'

/** Adds an empty disk, which goes with the machine. Returns the name of the device, which is that of the disk. */
export async function addDisk(client: GceClient, at: InZone, sizeGiB: number, waiting: CallWaiting): Promise<string> {
  const instance = await present(client, at, waiting)
  const owner = ownerIn(instance.description)
  const taken = new Set((instance.disks ?? []).map(({ deviceName }) => deviceName))
  let index = 1
  while (taken.has(deviceName(at, index))) index++
  const name = deviceName(at, index)
  const token = (what: string) => tokenOf(what, client.project, at.zone, name, instance.fingerprint ?? '')
  const disk = {
    name,
    sizeGb: String(sizeGiB),
    ...(owner ? { labels: labelsOf(owner), description: ownerText(owner) } : {}),
  }
  await client.disks.insert(at.zone, disk, token('disk'), waiting)
  const source = `projects/${client.project}/zones/${at.zone}/disks/${name}`
  await client.instances.attachDisk(at, { source, deviceName: name, autoDelete: true }, token('attach'), waiting)
  return name
}

/** Detaches and deletes; one that is gone is fine. */
export async function removeDisk(client: GceClient, at: InZone, id: string, waiting: CallWaiting): Promise<void> {
  const instance = await client.instances.get(at, waiting)
  if (instance?.disks?.some(({ deviceName: name }) => name === id)) await client.instances.detachDisk(at, id, waiting)
  await client.disks.delete({ zone: at.zone, name: id }, waiting)
}

/** Adds a dynamic network interface, which is a VLAN of the first card. Returns its name. */
export async function addNic(client: GceClient, networks: Networks, at: InZone, waiting: CallWaiting): Promise<string> {
  const before = await present(client, at, waiting)
  const cards = before.networkInterfaces ?? []
  const owner = ownerIn(before.description)
  if (!owner) throw new PlatformError('invalid', `${at.name} was not made by the harness, so it gets no card`)
  const vlan = 1 + Math.max(1, ...cards.map((card) => card.vlan ?? 1))
  const nic = { ...(await networks.extra(cards.length - 1, owner, waiting)), parentNicName: 'nic0', vlan }
  const token = tokenOf('nic', client.project, at.zone, at.name, vlan, before.fingerprint ?? '')
  await client.instances.addNetworkInterface(at, nic, token, waiting)
  const known = new Set(cards.map(({ name }) => name))
  const added = (await present(client, at, waiting)).networkInterfaces?.find(({ name }) => !known.has(name))
  if (!added?.name) throw new PlatformError('unavailable', `the card that ${at.name} got is not listed`)
  return added.name
}

/** Removes; one that is gone is fine. */
export async function removeNic(client: GceClient, at: InZone, id: string, waiting: CallWaiting): Promise<void> {
  const instance = await client.instances.get(at, waiting)
  if (instance?.networkInterfaces?.some(({ name }) => name === id))
    await client.instances.deleteNetworkInterface(at, id, waiting)
}

function deviceName({ name }: InZone, index: number): string {
  return `${name.slice(0, 55)}-more${index}`
}

async function present(client: GceClient, at: InZone, waiting: CallWaiting): Promise<Instance> {
  const instance = await client.instances.get(at, waiting)
  if (!instance) throw new PlatformError('not-found', `there is no machine ${at.name} in ${at.zone}`)
  return instance
}
