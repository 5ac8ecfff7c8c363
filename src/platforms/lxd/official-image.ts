import { findEntry, getImage } from '../../images/index.ts'
import type { ImageInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { importImage } from './image-import.ts'

/** How long a publisher's answer about its newest image counts. */
const FRESH_MS = 3_600_000

/**
 * The image for containers that a publisher offers under a name such as `ubuntu-24.04`, downloaded and checked when needed.
 * Undefined when no publisher of that name is known. @throws DownloadError, PrerequisiteError when its keys are missing
 */
export async function importOfficial(
  client: LxdClient,
  name: string,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: ((line: string) => void) | undefined },
): Promise<ImageInfo | undefined> {
  const entry = findEntry(name, { kind: 'lxd' })
  if (!entry) return undefined
  const image = await getImage(name, {
    kind: 'lxd',
    maxAgeMs: FRESH_MS,
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  const { path, metadata, digest, architecture } = image
  if (metadata === undefined) return undefined
  const properties = {
    os: entry.source.distribution,
    release: entry.release,
    version: entry.release,
    architecture,
    variant: 'default',
    description: `${name}, as its publisher offers it`,
  }
  const alias = `harness/${name}/${digest.replace(/^.*:/, '').slice(0, 12)}`
  const fingerprint = await importImage(
    client,
    { metadata, rootfs: path, type: 'container' },
    { alias, signal, properties },
  )
  return client.get<ImageInfo>(`/1.0/images/${fingerprint}`)
}
