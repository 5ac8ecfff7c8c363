import { listOf, objectOf, textOf } from './call.ts'
import type { Call } from './call.ts'
import type { MachineProperties } from './machine-body.ts'
import { shown, vmId } from './machine-view.ts'
import type { Entry, Json, Outcome } from './world.ts'

/** Disks may come and go while the machine runs. */
export function update({ world }: Call, entry: Entry, wanted: MachineProperties): Outcome {
  const before = listOf(objectOf(entry.data.properties['storageProfile'])['dataDisks'])
  const after = wanted.storageProfile.dataDisks ?? []
  const operation = world.begin(entry, async () => {
    const { backend } = world.settings
    for (const disk of after.filter(({ lun }) => !before.some((one) => one['lun'] === lun))) {
      const id = disk.managedDisk?.id ?? world.idOf(entry.group, 'Microsoft.Compute/disks', disk.name ?? '')
      const there = world.entries.get(id.toLowerCase())
      disk.name ??= there?.data.name ?? ''
      disk.diskSizeGB ??= Number(there?.data.properties['diskSizeGB'] ?? 1)
      entry.devices?.set(disk.name, await backend.addDisk(vmId(entry), disk.diskSizeGB))
      world.put(
        id,
        entry.group,
        { location: entry.data.location, ...(there ? {} : { tags: entry.data.tags ?? {} }) },
        { diskSizeGB: disk.diskSizeGB, diskState: 'Attached', managedBy: entry.data.id },
      )
      disk.managedDisk = { ...disk.managedDisk, id }
    }
    for (const gone of before.filter((one) => !after.some(({ lun }) => one['lun'] === lun))) {
      const name = textOf(gone['name'])
      await backend.removeDevice(vmId(entry), entry.devices?.get(name) ?? '')
      entry.devices?.delete(name)
      const disk = world.entries.get(textOf(objectOf(gone['managedDisk'])['id']).toLowerCase())
      if (disk) delete disk.data.properties['managedBy']
    }
    const storage = objectOf(entry.data.properties['storageProfile'])
    entry.data.properties['storageProfile'] = { ...storage, dataDisks: after }
  })
  return { status: 200, body: shown(entry), operation }
}

/** What a change does not name stays as it is. */
export function merged(before: Json, given: Json): Json {
  const storage = { ...objectOf(before['storageProfile']), ...objectOf(given['storageProfile']) }
  return { ...before, ...given, storageProfile: storage }
}
