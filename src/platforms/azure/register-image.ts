import { open, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { persistently } from '../cloud-calls.ts'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import { blobCall } from './blob.ts'
import type { AzureClient } from './client.ts'
import { toPlatformError } from './errors.ts'
import { placeInGallery, publishVersion } from './gallery.ts'
import { idOf } from './ids.ts'
import type { InGroup } from './ids.ts'
import { tagsOf } from './marks.ts'
import { asVhd } from './vhd.ts'

interface Registering extends CallWaiting {
  owner: Owner
  architecture: string | undefined
  /** Make a version in a gallery of it. */
  gallery: boolean
  /** Told of the id as soon as something is made. */
  onMade: (id: string) => void
  onProgress: ((line: string) => void) | undefined
}

/** Most that one call may write: https://learn.microsoft.com/en-us/rest/api/storageservices/put-page */
const PAGES = 4 * 1024 * 1024
const UPLOAD_SECONDS = 4 * 3600

/** Whether a reference is a file of this host rather than a name. */
export function isImageFile(reference: string): boolean {
  return /\.(?:vhd|raw|img|qcow2)$/.test(reference) && !reference.startsWith('/subscriptions/')
}

/**
 * Uploads a disk into a managed disk, makes a managed image of it and of that a version in a gallery, and removes what was only on the way. What is no VHD of fixed size is made one first.
 * https://learn.microsoft.com/en-us/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli
 * @returns the id of the image, which is a resource of the run
 * @throws ConfigError, PlatformError
 */
export async function registerImage(
  client: AzureClient,
  file: string,
  place: { group: string; regions: readonly string[] },
  registering: Registering,
): Promise<string> {
  const { owner, onProgress, architecture = 'amd64' } = registering
  const path = resolve(file)
  const info = await stat(path).catch(() => {
    throw new ConfigError(`there is no file ${path}`)
  })
  if (architecture === 'arm64' && !registering.gallery)
    throw new ConfigError('Azure makes managed images of amd64 disks only', { hint: 'leave `gallery` at true' })
  const name = `h-${shortOf(path, String(info.size), String(info.mtimeMs), owner.runId)}`
  const at = { group: place.group, name }
  const inGallery = placeInGallery(owner, place.group, name)
  const known = registering.gallery
    ? (await client.galleries.version(inGallery, registering))?.id
    : (await client.image(at, registering))?.id
  if (known !== undefined) return known
  await using vhd = await asVhd(path, registering)
  const [location = ''] = place.regions
  const tags = { ...tagsOf(owner), 'harness-architecture': architecture }
  const image = idOf(client.subscription, 'Microsoft.Compute/images', at)
  onProgress?.(`uploading ${basename(path)}: ${Math.ceil(vhd.size / 1024 ** 2)} MiB`)
  try {
    const disk = await uploadDisk(client, at, { location, tags, vhd, architecture }, registering)
    onProgress?.(`making the image ${name}`)
    if (architecture !== 'arm64') {
      if (!registering.gallery) registering.onMade(image)
      await client.putImage(
        at,
        { location, tags, hyperVGeneration: 'V2', storageProfile: generalized(disk) },
        registering,
      )
    }
    if (!registering.gallery) return image
    onProgress?.(`making a version in the gallery ${inGallery.name}`)
    registering.onMade(idOf(client.subscription, 'Microsoft.Compute/galleries', inGallery))
    const source = architecture === 'arm64' ? { disk } : { image }
    return await publishVersion(client, inGallery, { source, architecture, regions: place.regions, tags }, registering)
  } finally {
    if (registering.gallery) await client.deleteImage(at, { deadlineMs: 120_000 }).catch(() => undefined)
    await client.deleteDisk(at, { deadlineMs: 120_000 }).catch(() => undefined)
  }
}

function generalized(disk: string): {
  osDisk: { osType: 'Linux'; osState: 'Generalized'; managedDisk: { id: string } }
} {
  return { osDisk: { osType: 'Linux', osState: 'Generalized', managedDisk: { id: disk } } }
}

/** Returns the id of a managed disk with everything in it. */
async function uploadDisk(
  client: AzureClient,
  at: InGroup,
  about: { location: string; tags: Record<string, string>; vhd: { path: string; size: number }; architecture: string },
  registering: Registering,
): Promise<string> {
  const { location, tags, vhd, architecture } = about
  const disk = await client.putDisk(
    at,
    {
      location,
      tags,
      osType: 'Linux',
      hyperVGeneration: 'V2',
      ...(architecture === 'arm64' ? { supportedCapabilities: { architecture: 'Arm64' } } : {}),
      sku: { name: 'StandardSSD_LRS' },
      creationData: { createOption: 'Upload', uploadSizeBytes: vhd.size },
    },
    registering,
  )
  const url = await client.openForUpload(at, UPLOAD_SECONDS, registering)
  await upload(client, url, vhd, registering)
  await client.closeUpload(at, registering)
  return disk.id ?? ''
}

/** Writes everything that is not zero; an empty disk is zero already. */
async function upload(
  client: AzureClient,
  url: string,
  vhd: { path: string; size: number },
  { deadlineMs, signal, onProgress }: Registering,
): Promise<void> {
  await using source = await open(vhd.path, 'r')
  let shown = 0
  for (let offset = 0; offset < vhd.size; offset += PAGES) {
    const length = Math.min(PAGES, vhd.size - offset)
    const bytes = Buffer.alloc(length)
    await source.read(bytes, 0, length, offset)
    if (bytes.every((byte) => byte === 0)) continue
    const doing = `uploading at ${offset}`
    await persistently(
      doing,
      { deadlineMs, signal },
      (error) => toPlatformError(error, doing),
      async ({ timeoutMs }) =>
        await blobCall(
          `${url}&comp=page`,
          {
            method: 'PUT',
            headers: {
              'x-ms-page-write': 'update',
              'x-ms-range': `bytes=${offset}-${offset + length - 1}`,
              'x-ms-version': '2023-11-03',
              'content-length': String(length),
            },
            body: bytes,
            deadlineMs: timeoutMs,
            ca: client.ca,
          },
          doing,
        ),
    )
    const percent = Math.floor(((offset + length) / vhd.size) * 100)
    if (percent >= shown + 10) onProgress?.(`uploaded ${(shown = percent - (percent % 10))} %`)
  }
}
