import { PlatformError } from '../../core/errors.ts'
import type { InstanceInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import type { SeedPrefix } from './seed.ts'

interface ImageMetadata {
  templates?: Record<string, { template: string }> | null
}

/** By fingerprint of the image. */
const known = new Map<string, SeedPrefix>()

/**
 * Which config keys the templates of an instance read. Images made before LXD 4.22 know only `user.user-data`;
 * images without templates get their data from the guest API, which knows both.
 */
export async function seedPrefix(
  client: LxdClient,
  instance: InstanceInfo,
  extensions: ReadonlySet<string>,
): Promise<SeedPrefix> {
  if (!extensions.has('cloud_init')) return 'user'
  const image = instance.config['volatile.base_image'] ?? ''
  const before = known.get(image)
  if (before) return before
  const prefix = await readPrefix(client, instance.name)
  if (image) known.set(image, prefix)
  return prefix
}

async function readPrefix(client: LxdClient, name: string): Promise<SeedPrefix> {
  try {
    const metadata = await client.get<ImageMetadata>(`/1.0/instances/${name}/metadata`)
    const seed = Object.entries(metadata.templates ?? {}).find(([path]) => path.endsWith('/user-data'))
    if (!seed) return 'cloud-init'
    const { body } = await client.open(`/1.0/instances/${name}/metadata/templates`, {
      query: { path: seed[1].template },
    })
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).includes('cloud-init.user-data') ? 'cloud-init' : 'user'
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return 'cloud-init'
    throw error
  }
}
