import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiError, invalid } from './api-error.ts'
import { inGroup, objectOf, textOf } from './call.ts'
import type { Call, Route } from './call.ts'
import { vmId } from './machine-view.ts'
import type { Entry, Json, Outcome, World } from './world.ts'

/** Disks, snapshots and images. */
export function storageRoutes(folder: string): readonly Route[] {
  const disks = inGroup('Microsoft.Compute/disks')
  const put = (
    type: string,
    word: string,
    make: (world: World, entry: Entry, properties: Json) => Promise<void>,
  ): Route => ({
    method: 'PUT',
    path: inGroup(type),
    operation: `${word}.put`,
    act: ({ world, id, at, body }) => {
      const properties = objectOf(body['properties'])
      const tags = objectOf(body['tags']) as Record<string, string>
      const { entry, isNew } = world.put(
        id,
        at['group'] ?? '',
        { location: textOf(body['location']), tags, ...(body['sku'] ? { sku: objectOf(body['sku']) } : {}) },
        { ...properties, provisioningState: 'Creating' },
      )
      if (!isNew) return { status: 200, body: entry.data }
      const operation = world.begin(entry, async () => {
        try {
          await make(world, entry, properties)
          entry.data.properties['provisioningState'] = 'Succeeded'
        } catch (error) {
          world.remove(id)
          throw error
        }
      })
      return { status: 202, body: structuredClone(entry.data), operation }
    },
  })
  return [
    put('Microsoft.Compute/disks', 'disks', async (_world, entry, properties) => {
      const creation = objectOf(properties['creationData'])
      const size = Number(creation['uploadSizeBytes'] ?? 0)
      if (creation['createOption'] === 'Upload' && (size - 512) % 1024 ** 2 !== 0)
        throw invalid('uploadSizeBytes must be a VHD whose disk has whole MiB.')
      entry.data.properties['diskState'] = creation['createOption'] === 'Upload' ? 'ReadyToUpload' : 'Unattached'
    }),
    put('Microsoft.Compute/snapshots', 'snapshots', async (world, entry, properties) => {
      const source = world.find(textOf(objectOf(properties['creationData'])['sourceResourceId']))
      const machine = world.find(textOf(source.data.properties['managedBy']))
      entry.boots = await world.settings.backend.capture(vmId(machine))
    }),
    put('Microsoft.Compute/images', 'images', async (world, entry, properties) => {
      const disk = objectOf(objectOf(properties['storageProfile'])['osDisk'])
      if (disk['osState'] !== 'Generalized') throw invalid('osState must be Generalized for a managed image.')
      const source = world.find(textOf(objectOf(disk['snapshot'] ?? disk['managedDisk'])['id']))
      const file = [...world.uploads.values()].find(({ disk: of }) => of === source.data.id.toLowerCase())?.file
      entry.boots = source.boots ?? (await world.settings.backend.importDisk(file ?? ''))
    }),
    ...['disks', 'snapshots', 'images'].flatMap((kind) => plain(kind)),
    {
      method: 'POST',
      path: `${disks}/beginGetAccess`,
      operation: 'disks.grantAccess',
      act: ({ world, id, body }) => {
        const disk = world.find(id.slice(0, id.lastIndexOf('/')))
        if (body['access'] !== 'Write') throw invalid('only access Write is simulated')
        const operation = world.begin(disk, async () => {
          const word = randomUUID()
          const file = join(folder, `${word}.vhd`)
          await writeFile(file, '')
          world.uploads.set(word, { file, disk: disk.data.id.toLowerCase() })
          disk.data.properties['diskState'] = 'ActiveUpload'
          return { accessSAS: `${world.endpoint}/blobs/upload/${word}?sv=2023-11-03&sig=${word}` }
        })
        return { status: 202, operation }
      },
    },
    {
      method: 'POST',
      path: `${disks}/endGetAccess`,
      operation: 'disks.revokeAccess',
      act: ({ world, id }) => {
        const disk = world.find(id.slice(0, id.lastIndexOf('/')))
        const operation = world.begin(disk, async () => void (disk.data.properties['diskState'] = 'Unattached'))
        return { status: 202, operation }
      },
    },
  ]
}

function plain(kind: string): Route[] {
  const path = inGroup(`Microsoft.Compute/${kind}`)
  return [
    {
      method: 'GET',
      path,
      operation: `${kind}.get`,
      act: ({ world, id }) => ({ status: 200, body: world.find(id).data }),
    },
    { method: 'DELETE', path, operation: `${kind}.delete`, act: remove },
  ]
}

function remove({ world, id }: Call): Outcome {
  const entry = world.entries.get(id.toLowerCase())
  if (!entry) return { status: 204 }
  if (entry.data.properties['managedBy'] !== undefined)
    throw new ApiError(
      409,
      'OperationNotAllowed',
      `Disk ${entry.data.name} is attached to VM ${textOf(entry.data.properties['managedBy'])}.`,
    )
  const operation = world.begin(entry, async () => {
    world.remove(id)
    const { boots } = entry
    const isUsed = [...world.entries.values()].some((other) => boots !== undefined && other.boots === boots)
    if (boots !== undefined && !isUsed) await world.settings.backend.forget(boots)
  })
  return { status: 202, operation }
}
