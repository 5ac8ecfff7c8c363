import { rm } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeTempDir } from '../../core/temp-dir.ts'
import { UnsupportedError } from '../../core/errors.ts'
import { findCached, openAtRest } from '../../images/index.ts'
import type { ImageAtRest } from '../platform.ts'
import type { ImageInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { saveParts } from './multipart.ts'

const EXPORT_MS = 900_000

/**
 * The root file system of an image on this host: that of the image cache when it was built here, else exported from the server.
 * @throws UnsupportedError for a disk image of a virtual machine
 */
export async function openImage(
  client: LxdClient,
  imageId: string,
  options: { signal?: AbortSignal },
): Promise<ImageAtRest> {
  const image = await client.get<ImageInfo>(`/1.0/images/${imageId}`)
  if (image.type === 'virtual-machine')
    throw new UnsupportedError(`the image ${imageId.slice(0, 12)} is a disk image, which cannot be read at rest`)
  const { 'user.harness.image': name, 'user.harness.digest': digest } = image.properties
  const built = name !== undefined && digest !== undefined ? await findCached(name, digest) : undefined
  if (built) return openAtRest(built.rootfs, options)
  const directory = await makeTempDir('export')
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(directory, { recursive: true, force: true }))
  const resting = cleanup.use(await openAtRest(await exportTo(client, imageId, directory, options.signal), options))
  const all = cleanup.move()
  return { root: resting.root, enter: resting.enter, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** @returns the file that holds the root file system */
async function exportTo(
  client: LxdClient,
  imageId: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { headers, body } = await client.open(`/1.0/images/${imageId}/export`, { deadlineMs: EXPORT_MS, signal })
  const boundary = /^multipart\/form-data; boundary="?([^";]+)/.exec(headers['content-type'] ?? '')?.[1]
  if (boundary !== undefined) {
    const files = await saveParts(body, boundary, directory)
    return files.get('rootfs') ?? files.get('metadata') ?? join(directory, 'rootfs')
  }
  const path = join(directory, 'unified')
  await pipeline(body, createWriteStream(path))
  return path
}
