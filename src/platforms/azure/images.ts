import { ConfigError, PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { PlatformImage } from '../platform.ts'
import { marketName, RELEASES, releaseOf } from './catalogue.ts'
import type { AzureClient, VirtualMachine } from './client.ts'
import { parseVersion } from './gallery.ts'
import { parseId } from './ids.ts'

type ImageReference = NonNullable<NonNullable<VirtualMachine['storageProfile']>['imageReference']>

/** An image with what decides where it can run. */
export interface FoundImage extends PlatformImage {
  reference: ImageReference
  /** 1 boots by BIOS, 2 by UEFI. */
  generation: 1 | 2
}

interface Wanted {
  location: string
  architecture?: string | undefined
  boot?: string | undefined
}

const URN = /^([^/:\s]+):([^/:\s]+):([^/:\s]+):([^/:\s]+)$/

/**
 * Finds an image: `publisher:offer:sku:version`, the id of a managed image or of a gallery's, or a release such as `debian-13`,
 * newest first; `daily:` before it means daily builds.
 * @throws PlatformError not-found, ConfigError
 */
export async function findImage(
  client: AzureClient,
  reference: string,
  wanted: Wanted,
  waiting: CallWaiting,
): Promise<FoundImage> {
  const { location } = wanted
  if (reference.startsWith('/')) return await byId(client, reference, waiting)
  const [, publisher = '', offer = '', sku = '', version = ''] =
    (reference.startsWith('daily:') ? undefined : URN.exec(reference)) ?? []
  const market = publisher === '' ? marketName(reference, wanted) : { publisher, offer, sku }
  if (!market) throw missing(reference)
  const of = { location, ...market }
  const exact = version === '' || version === 'latest' ? (await client.marketVersions(of, waiting))[0] : version
  const image = exact === undefined ? undefined : await client.marketImage({ ...of, version: exact }, waiting)
  if (exact === undefined || !image) throw missing(`${market.publisher}:${market.offer}:${market.sku} in ${location}`)
  const name = `${market.publisher}:${market.offer}:${market.sku}:${exact}`
  return {
    id: name,
    digest: undefined,
    ...releaseOf(market),
    architecture: image.architecture === 'Arm64' ? 'arm64' : 'amd64',
    variant: 'default',
    description: `${name}, of the marketplace`,
    reference: { ...market, version: exact },
    generation: image.hyperVGeneration === 'V1' ? 1 : 2,
  }
}

async function byId(client: AzureClient, id: string, waiting: CallWaiting): Promise<FoundImage> {
  const parsed = parseId(id)
  if (parsed?.type !== 'microsoft.compute/images') {
    if (!/\/(galleries|communityGalleries|sharedGalleries)\//i.test(id)) throw missing(id)
    const own = parseVersion(id)
    const image = own && (await client.galleries.image(own, own.image, waiting))
    if (own && !image) throw missing(id)
    const reference = /^\/communityGalleries\//i.test(id)
      ? { communityGalleryImageId: id }
      : /^\/sharedGalleries\//i.test(id)
        ? { sharedGalleryImageId: id }
        : { id }
    return {
      ...unknownImage(id),
      architecture: image ? (image.architecture === 'Arm64' ? 'arm64' : 'amd64') : '',
      reference,
      generation: image?.hyperVGeneration === 'V1' ? 1 : 2,
    }
  }
  const image = await client.image(parsed, waiting)
  if (!image) throw missing(id)
  const { tags } = image
  return {
    ...unknownImage(id),
    distribution: tags?.['harness-distribution'] ?? '',
    release: tags?.['harness-release'] ?? '',
    architecture: tags?.['harness-architecture'] ?? 'amd64',
    reference: { id },
    generation: image.hyperVGeneration === 'V1' ? 1 : 2,
  }
}

function unknownImage(id: string): PlatformImage {
  return {
    id,
    digest: undefined,
    distribution: '',
    release: '',
    architecture: '',
    variant: 'default',
    description: id.split('/').at(-1) ?? id,
  }
}

function missing(what: string): PlatformError {
  return new PlatformError('not-found', `Azure has no image ${what}`, {
    hint: `write publisher:offer:sku:version, the id of an image, or one of ${Object.keys(RELEASES).join(', ')}`,
    cause: new Error(`no image ${what}`),
  })
}

/** Refuses what the image cannot do, before anything is made. @throws ConfigError */
export function checkBoot(image: FoundImage, boot: string | undefined): void {
  if (boot === undefined) return
  if ((boot === 'bios') === (image.generation === 1)) return
  throw new ConfigError(`${image.id} is of generation ${image.generation}, which does not boot by ${boot}`, {
    hint: `use boot: ${image.generation === 1 ? 'bios' : 'uefi'}, or an image of the other generation`,
  })
}
