import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import { shortOf, ownerText } from '../cloud-names.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Owner } from '../platform.ts'
import { toPlatformError } from './errors.ts'
import type { GceClient } from './client.ts'
import { architectureName } from './images.ts'
import { labelsOf } from './marks.ts'
import type { GceOptions } from './options.ts'
import { packRaw } from './raw-tarball.ts'

interface Registering extends CallWaiting {
  owner: Owner
  architecture: string | undefined
  onProgress: ((line: string) => void) | undefined
  /** Told of its name before the image is made. */
  onMade: (name: string) => void
}

/** Whether a reference is a file of this host rather than a name. */
export function isImageFile(reference: string): boolean {
  return /\.(?:tar\.gz|raw|img)$/.test(reference) && !reference.startsWith('projects/')
}

/**
 * Uploads a disk to Cloud Storage, makes an image of it and removes the upload. A raw disk is packed first, as
 * https://cloud.google.com/compute/docs/import/import-existing-image wants it: one file `disk.raw` in a gzipped tarball.
 * @returns the path of the image, which is a resource of the run
 * @throws ConfigError without a bucket, PlatformError
 */
export async function registerImage(
  client: GceClient,
  options: GceOptions,
  file: string,
  registering: Registering,
): Promise<string> {
  const { owner, onProgress, architecture } = registering
  if (options.bucket === undefined)
    throw new ConfigError('an image from a file goes through Cloud Storage, and no bucket was given', {
      hint: 'set platforms.gce.options.bucket',
    })
  const path = resolve(file)
  const { size, mtimeMs } = await stat(path).catch(() => {
    throw new ConfigError(`there is no file ${path}`)
  })
  const name = `h-${shortOf(path, String(size), String(mtimeMs), owner.runId)}`
  const id = `projects/${client.project}/global/images/${name}`
  if (await client.images.get(client.project, name, registering)) return id
  await using packed = path.endsWith('.tar.gz') ? undefined : await packRaw(path, registering)
  const object = `${name}.tar.gz`
  onProgress?.(`uploading ${basename(path)} to ${options.bucket}`)
  await storage(client, options, 'POST', object, registering, packed?.path ?? path)
  try {
    onProgress?.(`making the image ${name}`)
    registering.onMade(name)
    const image = {
      name,
      description: ownerText(owner),
      labels: labelsOf(owner),
      architecture: architectureName(architecture ?? 'amd64'),
      guestOsFeatures: [{ type: 'UEFI_COMPATIBLE' }, { type: 'VIRTIO_SCSI_MULTIQUEUE' }, { type: 'GVNIC' }],
      rawDisk: { source: `https://storage.googleapis.com/${options.bucket}/${object}` },
    }
    await client.images.insert(image, randomUUID(), registering)
  } finally {
    await storage(client, options, 'DELETE', object, { deadlineMs: 60_000 }).catch(() => undefined)
  }
  return id
}

/** One object of the bucket: https://cloud.google.com/storage/docs/json_api/v1/objects */
async function storage(
  client: GceClient,
  options: GceOptions,
  method: 'POST' | 'DELETE',
  object: string,
  waiting: CallWaiting,
  file?: string,
): Promise<void> {
  const base = options['storage-endpoint'] ?? options.endpoint ?? 'https://storage.googleapis.com'
  const bucket = encodeURIComponent(options.bucket ?? '')
  const url =
    method === 'POST'
      ? `${base}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(object)}`
      : `${base}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`
  const doing = method === 'POST' ? `uploading ${object}` : `deleting ${object}`
  const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(waiting.deadlineMs)))
  const signal = waiting.signal ? AbortSignal.any([waiting.signal, deadline]) : deadline
  const headers = { authorization: await client.authorization(), 'content-type': 'application/gzip' }
  const body = file === undefined ? {} : { body: ReadableStream.from(createReadStream(file)), duplex: 'half' as const }
  const answer = await fetch(url, { method, headers, signal, ...body }).catch((error: unknown) => {
    throw toPlatformError(error, doing)
  })
  const said = await answer.text()
  if (!answer.ok && !(method === 'DELETE' && answer.status === 404))
    throw toPlatformError({ message: said.slice(0, 500), httpStatusCode: answer.status }, doing)
  if (method === 'POST' && !said.includes(object))
    throw new PlatformError('unavailable', `Cloud Storage did not take ${object}`)
}
