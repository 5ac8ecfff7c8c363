import { listOf, objectOf, textOf } from './call.ts'
import type { MachineProperties } from './machine-body.ts'
import type { Entry, World } from './world.ts'

/** Makes the disks, cards and addresses that a machine is created with, and names them in it. */
export function createParts(world: World, machine: Entry, wanted: MachineProperties): void {
  const { group, data } = machine
  const { location, tags = {} } = data
  const disk = (name: string, sizeGiB: number) => {
    const id = world.idOf(group, 'Microsoft.Compute/disks', name)
    world.put(id, group, { location, tags }, { diskSizeGB: sizeGiB, diskState: 'Attached', managedBy: data.id })
    return id
  }
  const { osDisk, dataDisks = [], imageReference } = wanted.storageProfile
  const osName = osDisk.name ?? `${data.name}_OsDisk_1`
  const osId = disk(osName, osDisk.diskSizeGB ?? 30)
  data.properties['storageProfile'] = {
    imageReference,
    osDisk: { ...osDisk, name: osName, osType: 'Linux', managedDisk: { ...osDisk.managedDisk, id: osId } },
    dataDisks: dataDisks.map((one) => {
      const name = one.name ?? `${data.name}_disk${one.lun}`
      return { ...one, name, managedDisk: { ...one.managedDisk, id: disk(name, one.diskSizeGB ?? 1) } }
    }),
  }
  const { networkInterfaceConfigurations = [], networkInterfaces = [] } = wanted.networkProfile
  const made = networkInterfaceConfigurations.map(({ name, tags: own, properties }) => {
    const id = world.idOf(group, 'Microsoft.Network/networkInterfaces', name)
    const configurations = properties.ipConfigurations.map((one) => {
      const { publicIPAddressConfiguration: outer, ...rest } = one.properties
      if (!outer) return { name: one.name, properties: rest }
      const outerId = world.idOf(group, 'Microsoft.Network/publicIPAddresses', outer.name)
      world.put(outerId, group, { location, tags: outer.tags ?? {}, sku: outer.sku }, { ...outer.properties })
      return { name: one.name, properties: { ...rest, publicIPAddress: { id: outerId } } }
    })
    const { deleteOption, primary } = properties
    world.put(
      id,
      group,
      { location, tags: own ?? {} },
      { primary, ipConfigurations: configurations, virtualMachine: { id: data.id } },
    )
    return { id, properties: { primary: primary ?? false, deleteOption: deleteOption ?? 'Detach' } }
  })
  data.properties['networkProfile'] = { networkInterfaces: [...networkInterfaces, ...made] }
}

/** Removes what goes with a machine; what was to be detached stays. */
export function removeParts(world: World, machine: Entry): void {
  const storage = objectOf(machine.data.properties['storageProfile'])
  for (const disk of [objectOf(storage['osDisk']), ...listOf(storage['dataDisks'])])
    drop(world, textOf(objectOf(disk['managedDisk'])['id']), disk['deleteOption'] === 'Delete')
  for (const card of listOf(objectOf(machine.data.properties['networkProfile'])['networkInterfaces'])) {
    const id = textOf(card['id'])
    const entry = world.entries.get(id.toLowerCase())
    const goes = objectOf(card['properties'])['deleteOption'] === 'Delete'
    for (const one of listOf(entry?.data.properties['ipConfigurations'])) {
      const outer = textOf(objectOf(objectOf(one['properties'])['publicIPAddress'])['id'])
      const option = world.entries.get(outer.toLowerCase())?.data.properties['deleteOption']
      if (goes) drop(world, outer, option === 'Delete')
    }
    drop(world, id, goes)
  }
}

function drop(world: World, id: string, goes: boolean): void {
  const entry = world.entries.get(id.toLowerCase())
  if (!entry) return
  if (goes) return world.remove(id)
  delete entry.data.properties['managedBy']
  delete entry.data.properties['virtualMachine']
}
