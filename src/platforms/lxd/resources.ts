import { PlatformError } from '../../core/errors.ts'
import type { Resource } from '../platform.ts'
import type { ImageInfo, InstanceInfo, NetworkInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { listRules, removeRules } from './network-rules.ts'
import { destroyInstance } from './destroy.ts'
import { parseMachineId, removeSnapshot } from './snapshots.ts'
import { resourceOf } from './tags.ts'
import { ourVolumes, removeVolume } from './volumes.ts'

/** Stands for the run of an image that is kept in LXD for later runs. */
const CACHE_RUN = 'image-cache'

/** Begins the id of network rules, which go with networks. */
const RULES = 'acl:'

/**
 * Everything that carries our marks, machines first. Snapshots are listed with their machines and go with them.
 * Images imported for later runs belong to no run: they are listed only when no run is asked for.
 */
export async function listResources(
  client: LxdClient,
  filter: { runId?: string },
  extensions: ReadonlySet<string>,
): Promise<Resource[]> {
  const [instances, volumes, networks, images, rules] = await Promise.all([
    listInstances(client, extensions),
    ourVolumes(client),
    client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } }),
    client.get<ImageInfo[]>('/1.0/images', { query: { recursion: '1' } }),
    listRules(client),
  ])
  const found = [
    ...instances.map((instance) => resourceOf('machine', instanceId(client, instance), instance.config, filter)),
    ...instances.flatMap((instance) =>
      (instance.snapshots ?? []).map((snapshot) =>
        resourceOf('snapshot', `${instanceId(client, instance)}/${bareName(snapshot.name)}`, snapshot.config, filter),
      ),
    ),
    ...volumes.map((volume) => resourceOf('disk', volume.id, volume.config, filter)),
    ...networks.map((network) => resourceOf('network', network.name, network.config, filter)),
    // After the networks: rules in use cannot be removed.
    ...rules.map((one) => resourceOf('network', `${RULES}${one.name}`, one.config, filter)),
    ...images.map((image) => resourceOf('image', image.fingerprint, imageTags(image), filter)),
  ]
  return found.filter((resource) => resource !== undefined)
}

/** Removes one resource; one that is gone is fine. */
export async function removeResource(client: LxdClient, { kind, id }: Pick<Resource, 'kind' | 'id'>): Promise<void> {
  if (kind === 'machine') {
    const { project, instance } = parseMachineId(id)
    return destroyInstance(client.inProject(project ?? client.project), instance)
  }
  if (kind === 'snapshot') return removeSnapshot(client, id)
  if (kind === 'disk') return removeVolume(client, id)
  if (kind === 'network' && id.startsWith(RULES)) return removeRules(client, id.slice(RULES.length))
  const path = { image: '/1.0/images', network: '/1.0/networks' }[kind as string]
  if (path === undefined) throw new PlatformError('invalid', `lxd makes no resource of the kind ${kind}`)
  try {
    await client.operate('DELETE', `${path}/${id}`)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}

async function listInstances(client: LxdClient, extensions: ReadonlySet<string>): Promise<InstanceInfo[]> {
  const everywhere = client.project === undefined && extensions.has('instance_all_projects')
  const query = { recursion: '2', ...(everywhere ? { 'all-projects': 'true' } : {}) }
  const instances = await client.get<InstanceInfo[]>('/1.0/instances', { query })
  return instances
}

function instanceId(client: LxdClient, instance: InstanceInfo): string {
  const { project } = instance
  return project === undefined || project === (client.project ?? 'default')
    ? instance.name
    : `${project}:${instance.name}`
}

function imageTags(image: ImageInfo): Record<string, string> {
  return image.properties['user.harness.image']
    ? { 'user.harness.run': CACHE_RUN, ...image.properties }
    : image.properties
}

/** Some versions give `instance/snapshot`, some only the last part. */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
