import { basename, join } from 'node:path'
import { PlatformError } from '../../core/errors.ts'
import type { Owner, Resource, ResourceKind } from '../platform.ts'
import { destroyMachine } from './destroy.ts'
import { listMachines, listSnapshots, machineDir, machinesDir, snapshotsDir } from './record.ts'
import { removeSnapshot } from './snapshots.ts'
import { removeFolder, staleFolders } from './staging.ts'

/** Everything of ours in the folder: machines, snapshots, and what processes that were killed had not finished. */
export async function listResources(root: string, filter: { runId?: string }): Promise<Resource[]> {
  const [machines, snapshots, stale] = await Promise.all([listMachines(root), listSnapshots(root), listStale(root)])
  const found = [
    ...machines.map(({ name, owner }) => resource('machine', name, owner)),
    ...snapshots.map(({ id, owner }) => resource('snapshot', id, owner)),
    ...stale.map((id) => resource('file', id, { runId: 'unfinished', cell: '', expires: new Date(0).toISOString() })),
  ]
  return found.filter(({ runId }) => filter.runId === undefined || runId === filter.runId)
}

/** Removes one resource; one that is gone is fine. */
export async function removeResource(root: string, { kind, id }: Pick<Resource, 'kind' | 'id'>): Promise<void> {
  if (kind === 'machine') return await destroyMachine({ dir: machineDir(root, id), name: id })
  if (kind === 'snapshot') return await removeSnapshot(root, id)
  if (kind !== 'file') throw new PlatformError('invalid', `qemu makes no resource of the kind ${kind}`)
  const [parent = '', name = ''] = id.split('/')
  if ((await staleFolders(join(root, parent))).includes(name)) await removeFolder(join(root, parent, name))
}

async function listStale(root: string): Promise<string[]> {
  const parents = [machinesDir(root), snapshotsDir(root)]
  const found = await Promise.all(
    parents.map(async (parent) => (await staleFolders(parent)).map((name) => `${basename(parent)}/${name}`)),
  )
  return found.flat()
}

function resource(
  kind: ResourceKind,
  id: string,
  { runId, cell, expires }: Pick<Owner, 'runId' | 'cell' | 'expires'>,
): Resource {
  return { kind, id, runId, cell, expires }
}
