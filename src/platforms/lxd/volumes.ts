import { PlatformError } from '../../core/errors.ts'
import type { PoolInfo, VolumeInfo } from './api.ts'
import type { LxdClient } from './client.ts'

/** Config key that ties a volume to the instance it was made for. */
const MADE_FOR = 'user.harness.instance'

/** A custom volume as resources name it: `pool/volume`. */
export interface FoundVolume {
  id: string
  config: Record<string, string>
}

/**
 * Creates a custom volume for an instance. A file system on btrfs gets no limit: the first limit turns on the accounting of the whole
 * pool, for ever, and every snapshot and removal after it is several times slower; what a guest sees of the disk is the same.
 */
export async function createVolume(
  client: LxdClient,
  pool: string,
  name: string,
  spec: { instance: string; sizeGiB: number; block: boolean; tags: Record<string, string> },
) {
  const { driver } = await client.get<PoolInfo>(`/1.0/storage-pools/${pool}`)
  const limit = driver === 'btrfs' && !spec.block ? {} : { size: `${spec.sizeGiB}GiB` }
  const config = { ...spec.tags, [MADE_FOR]: spec.instance, ...limit }
  await client.operate('POST', `/1.0/storage-pools/${pool}/volumes/custom`, {
    json: { name, config, content_type: spec.block ? 'block' : 'filesystem' },
  })
}

/** All custom volumes that the harness made. */
export async function ourVolumes(client: LxdClient): Promise<FoundVolume[]> {
  const pools = await client.get<PoolInfo[]>('/1.0/storage-pools', { query: { recursion: '1' } })
  const perPool = await Promise.all(
    pools.map(async (pool) => {
      const volumes = await client.get<VolumeInfo[]>(`/1.0/storage-pools/${pool.name}/volumes/custom`, {
        query: { recursion: '1' },
      })
      return volumes
        .filter((volume) => volume.config[MADE_FOR])
        .map((volume) => ({ id: `${pool.name}/${volume.name}`, config: volume.config }))
    }),
  )
  return perPool.flat()
}

export async function removeVolumesOf(client: LxdClient, instance: string): Promise<void> {
  const mine = (await ourVolumes(client)).filter((volume) => volume.config[MADE_FOR] === instance)
  for (const volume of mine) await removeVolume(client, volume.id)
}

/** One that is gone is fine. */
export async function removeVolume(client: LxdClient, id: string): Promise<void> {
  const [pool, name] = id.split('/')
  try {
    await client.operate('DELETE', `/1.0/storage-pools/${pool}/volumes/custom/${name}`)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}
