import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Resource, ResourceKind } from '../platform.ts'
import type { AzureClient } from './client.ts'
import { inGroup, parseId } from './ids.ts'
import { filterFor, ownerOf } from './marks.ts'

const LIST: CallWaiting = { deadlineMs: 120_000 }
const REMOVE: CallWaiting = { deadlineMs: 600_000 }
const GROUP = 'group/'

/** Kinds by type, in lower case, with what removes one. */
const TYPES: Readonly<Record<string, { kind: ResourceKind; prefix: string }>> = {
  'microsoft.compute/virtualmachines': { kind: 'machine', prefix: '' },
  'microsoft.compute/images': { kind: 'image', prefix: '' },
  'microsoft.compute/galleries': { kind: 'image', prefix: 'gallery/' },
  'microsoft.compute/disks': { kind: 'disk', prefix: 'disk/' },
  'microsoft.compute/snapshots': { kind: 'disk', prefix: 'snapshot/' },
  'microsoft.network/networkinterfaces': { kind: 'nic', prefix: 'card/' },
  'microsoft.network/publicipaddresses': { kind: 'nic', prefix: 'address/' },
  'microsoft.network/virtualnetworks': { kind: 'network', prefix: 'network/' },
  'microsoft.network/networksecuritygroups': { kind: 'network', prefix: 'rules/' },
}

/** Everything of ours in the subscription, found by its tags. A group of a run stands for the networks in it. */
export async function listResources(client: AzureClient, { runId }: { runId?: string }): Promise<Resource[]> {
  const filter = filterFor(runId)
  const [resources, groups] = await Promise.all([client.listResources(filter, LIST), client.listGroups(filter, LIST)])
  const owned = new Set(groups.map(({ name }) => name?.toLowerCase()))
  const found = resources.flatMap(({ id, tags }) => {
    const parsed = parseId(id)
    const known = parsed && TYPES[parsed.type]
    if (!parsed || !known) return []
    if (known.kind === 'network' && owned.has(parsed.group.toLowerCase())) return []
    const kind = known.kind === 'image' && tags?.['harness-kind'] === 'snapshot' ? 'snapshot' : known.kind
    const shown =
      known.prefix === '' && kind !== 'machine' ? (id ?? '') : `${known.prefix}${parsed.group}/${parsed.name}`
    return marked(kind, shown, tags)
  })
  return [...found, ...groups.flatMap(({ name, tags }) => marked('network', `${GROUP}${name}`, tags))].filter(
    (resource) => runId === undefined || resource.runId === runId,
  )
}

/** Removes one; one that is gone is fine. */
export async function removeResource(client: AzureClient, { kind, id }: Pick<Resource, 'kind' | 'id'>): Promise<void> {
  if (kind === 'machine') return await client.deleteMachine(inGroup(id), REMOVE)
  if (kind === 'snapshot' || (kind === 'image' && id.startsWith('/'))) {
    const image = parseId(id)
    if (image) await client.deleteImage(image, REMOVE)
    return
  }
  const [what = '', ...rest] = id.split('/')
  const at = inGroup(rest.join('/'))
  const removers: Readonly<Record<string, () => Promise<void>>> = {
    group: () => client.deleteGroup(rest.join('/'), REMOVE),
    gallery: () => client.galleries.delete(at, REMOVE),
    disk: () => client.deleteDisk(at, REMOVE),
    snapshot: () => client.deleteSnapshot(at, REMOVE),
    card: () => client.networks.deleteNic(at, REMOVE),
    address: () => client.networks.deleteAddress(at, REMOVE),
    network: () => client.networks.deleteNetwork(at, REMOVE),
    rules: () => client.networks.deleteSecurityGroup(at, REMOVE),
  }
  const remove = Object.hasOwn(removers, what) ? removers[what] : undefined
  if (!remove) throw new PlatformError('invalid', `azure makes no resource of the kind ${kind} called ${id}`)
  await remove()
}

/** Removes what was made of a file: a managed image, or a gallery with everything in it. */
export async function removeRegistered(client: AzureClient, id: string): Promise<void> {
  const made = parseId(id)
  if (made?.type === 'microsoft.compute/galleries') await client.galleries.delete(made, REMOVE)
  else if (made) await client.deleteImage(made, REMOVE)
}

function marked(kind: ResourceKind, id: string, tags: Record<string, string> | undefined): Resource[] {
  const owner = ownerOf(tags)
  if (!owner) return []
  return [{ kind, id, runId: owner.runId, cell: owner.cell, expires: owner.expires === '' ? undefined : owner.expires }]
}
