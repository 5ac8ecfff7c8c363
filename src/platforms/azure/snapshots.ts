import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { tokenOf } from '../cloud-names.ts'
import type { AzureClient } from './client.ts'
import type { InGroup } from './ids.ts'
import { idOf } from './ids.ts'

/**
 * An image of the boot disk as it is at this moment; the machine goes on. The way goes over a snapshot of the disk, because an image that is
 * taken of the machine itself would leave the machine unusable.
 * https://learn.microsoft.com/en-us/azure/virtual-machines/capture-image-resource
 */
export async function takeImage(client: AzureClient, at: InGroup, name: string, waiting: CallWaiting): Promise<string> {
  const machine = await client.machine(at, waiting)
  const disk = machine?.storageProfile?.osDisk?.managedDisk?.id
  if (!machine || disk === undefined) throw new PlatformError('not-found', `${at.name} has no boot disk`)
  const view = await client.instanceView(at, waiting)
  const generation = view?.hyperVGeneration ?? 'V2'
  const { location, tags = {} } = machine
  const made = { group: at.group, name: imageName(at.name, name) }
  const creationData = { createOption: 'Copy', sourceResourceId: disk }
  try {
    const snapshot = await client.putSnapshot(made, { location, tags, creationData, incremental: true }, waiting)
    await client.putImage(
      made,
      {
        location,
        tags: { ...tags, 'harness-kind': 'snapshot' },
        hyperVGeneration: generation,
        storageProfile: { osDisk: { osType: 'Linux', osState: 'Generalized', snapshot: { id: snapshot } } },
      },
      waiting,
    )
  } catch (error) {
    await client.deleteImage(made, { deadlineMs: 120_000 }).catch(() => undefined)
    throw error
  } finally {
    // The image has a copy of its own.
    await client.deleteSnapshot(made, { deadlineMs: 120_000 }).catch(() => undefined)
  }
  return idOf(client.subscription, 'Microsoft.Compute/images', made)
}

function imageName(machine: string, name: string): string {
  return `${machine.slice(0, 50)}-${name.replaceAll(/[^A-Za-z0-9-]/g, '-').slice(0, 12)}-${tokenOf(machine, name).slice(0, 6)}`
}
