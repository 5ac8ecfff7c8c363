import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { ownerIn } from '../cloud-names.ts'
import type { Resource, ResourceKind } from '../platform.ts'
import type { GceClient } from './client.ts'
import { filterFor } from './marks.ts'

const LIST: CallWaiting = { deadlineMs: 120_000 }
const REMOVE: CallWaiting = { deadlineMs: 300_000 }
const RULE = 'firewall/'

interface Marked {
  description?: string | null
  name?: string | null
  zone?: string | null
}

/** Everything of ours in the project; labels find it, the description says whose it is. Disks go with their machines. */
export async function listResources(client: GceClient, filter: { runId?: string }): Promise<Resource[]> {
  const labelled = filterFor(filter.runId)
  const described = 'description:"harness"'
  const [machines, disks, images, networks, rules] = await Promise.all([
    client.instances.list(labelled, LIST),
    client.disks.list(labelled, LIST),
    client.images.list(client.project, labelled, LIST),
    client.networks.list(described, LIST),
    client.networks.listFirewalls(described, LIST),
  ])
  const found = [
    ...machines.map((machine) => marked('machine', idInZone(machine), machine)),
    // Boot disks have no description of their own.
    ...disks.filter(({ users }) => (users ?? []).length === 0).map((disk) => marked('disk', idInZone(disk), disk)),
    ...images.map((image) =>
      marked(
        image.labels?.['harness-kind'] === 'snapshot' ? 'snapshot' : 'image',
        `projects/${client.project}/global/images/${image.name}`,
        image,
      ),
    ),
    ...networks.map((network) => marked('network', network.name ?? '', network)),
    ...rules.map((rule) => marked('network', `${RULE}${rule.name}`, rule)),
  ]
  return found
    .filter((resource) => resource !== undefined && (filter.runId ?? resource.runId) === resource.runId)
    .filter((resource) => resource !== undefined)
}

/** Removes one; one that is gone is fine. */
export async function removeResource(client: GceClient, { kind, id }: Pick<Resource, 'kind' | 'id'>): Promise<void> {
  const [zone = '', name = ''] = id.split('/')
  if (kind === 'machine') return await client.instances.delete({ zone, name }, REMOVE)
  if (kind === 'disk') return await client.disks.delete({ zone, name }, REMOVE)
  if (kind === 'image' || kind === 'snapshot') return await client.images.delete(id.split('/').at(-1) ?? '', REMOVE)
  if (kind !== 'network') throw new PlatformError('invalid', `gce makes no resource of the kind ${kind}`)
  if (id.startsWith(RULE)) return await client.networks.deleteFirewall(id.slice(RULE.length), REMOVE)
  // A network goes after the rules in it, whatever the order in which a sweep names them.
  const rules = await client.networks.listFirewalls('description:"harness"', LIST)
  for (const rule of rules.filter(({ network, description }) => network?.endsWith(`/${id}`) && ownerIn(description)))
    await client.networks.deleteFirewall(rule.name ?? '', REMOVE)
  await client.networks.delete(id, REMOVE)
}

function marked(kind: ResourceKind, id: string, { description, name }: Marked): Resource | undefined {
  const owner = ownerIn(description)
  if (!owner || !name) return undefined
  return { kind, id, runId: owner.runId, cell: owner.cell, expires: owner.expires === '' ? undefined : owner.expires }
}

function idInZone({ zone, name }: Marked): string {
  return `${zone?.split('/').at(-1) ?? ''}/${name ?? ''}`
}
