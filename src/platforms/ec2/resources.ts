import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Resource, ResourceKind } from '../platform.ts'
import type { Ec2Client } from './client.ts'
import { removeCard, removeVolume } from './devices.ts'
import { terminate } from './launch.ts'
import { removeGroup, removeKey } from './network.ts'
import { removeVpc } from './own-vpc.ts'
import { removeImage, removeSnapshot } from './snapshots.ts'
import { MARKS, ownerIn, resourceOf } from './tags.ts'
import type { Watch } from './watch.ts'

const LIST: CallWaiting = { deadlineMs: 120_000 }
const REMOVE: CallWaiting = { deadlineMs: 300_000 }

/** What each kind of resource of EC2 is called here. Subnets and gateways go with their VPC. */
const KINDS: Readonly<Record<string, ResourceKind>> = {
  instance: 'machine',
  image: 'snapshot',
  snapshot: 'file',
  volume: 'disk',
  'network-interface': 'nic',
  'security-group': 'network',
  vpc: 'network',
  'key-pair': 'key',
}

/** Everything of ours in a region, by its marks: two kinds of calls, whatever there is. */
export async function listResources(
  client: Ec2Client,
  filter: { runId?: string },
  idOf: (id: string) => string,
): Promise<Resource[]> {
  const tags = await client.list(
    'listing what is marked as ours',
    LIST,
    (ec2, page, options) => ec2.describeTags({ Filters: [{ Name: 'key', Values: [...MARKS] }], ...page }, options),
    ({ Tags }) => Tags,
  )
  const byId = Map.groupBy(tags, ({ ResourceId = '' }) => ResourceId)
  const found = [...byId].flatMap(([id, own]) => {
    const kind = KINDS[own[0]?.ResourceType ?? '']
    const owner = ownerIn(own)
    const wanted = filter.runId === undefined || owner?.runId === filter.runId
    return kind && owner && wanted ? [resourceOf(kind, id, owner)] : []
  })
  const gone = await ended(
    client,
    found.filter(({ kind }) => kind === 'machine'),
  )
  return found.filter(({ id }) => !gone.has(id)).map((resource) => ({ ...resource, id: idOf(resource.id) }))
}

/** Machines that have ended keep their marks for a while. */
async function ended(client: Ec2Client, machines: readonly Resource[]): Promise<Set<string>> {
  if (machines.length === 0) return new Set()
  const Filters = [
    { Name: 'tag-key', Values: [MARKS[0] ?? ''] },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'] },
  ]
  const living = await client.list(
    'listing machines',
    LIST,
    (ec2, page, options) => ec2.describeInstances({ Filters, ...page }, options),
    ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
  )
  const alive = new Set(living.map(({ InstanceId = '' }) => InstanceId))
  return new Set(machines.filter(({ id }) => !alive.has(id)).map(({ id }) => id))
}

/** Removes one thing by its id, which tells what it is. One that is gone is fine. */
export async function removeResource(context: { client: Ec2Client; watch: Watch }, id: string): Promise<void> {
  const { client } = context
  const [prefix = ''] = id.split('-')
  const removers: Readonly<Record<string, () => Promise<void>>> = {
    i: () => terminate(context, id, REMOVE),
    ami: () => removeImage(client, id, REMOVE),
    snap: () => removeIfThere(client, id),
    vol: () => removeVolume(client, id, REMOVE),
    eni: () => removeCard(client, id, REMOVE),
    sg: () => removeGroup(client, id, REMOVE),
    vpc: () => removeVpc(client, id, REMOVE),
    key: () => removeKey(client, id, REMOVE),
  }
  const remove = Object.hasOwn(removers, prefix) ? removers[prefix] : undefined
  if (!remove) throw new PlatformError('invalid', `nobody knows how to remove ${id} from EC2`)
  await remove()
}

/** It may have gone with its image. A role that only reaches what carries our marks is refused for what is not there. */
async function removeIfThere(client: Ec2Client, snapshot: string): Promise<void> {
  const Filters = [{ Name: 'snapshot-id', Values: [snapshot] }]
  const found = await client.call(`asking for the snapshot ${snapshot}`, REMOVE, (ec2, options) =>
    ec2.describeSnapshots({ OwnerIds: ['self'], Filters }, options),
  )
  if (found.Snapshots?.length) await removeSnapshot(client, snapshot, REMOVE)
}
