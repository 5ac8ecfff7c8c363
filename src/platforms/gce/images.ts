import { nodeArchitecture } from '../../core/architecture.ts'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { PlatformImage } from '../platform.ts'
import { familyOf, knownDistributions } from './catalogue.ts'
import type { Image } from './client-images.ts'
import type { GceClient } from './client.ts'

const PATH = /^(?:https:\/\/[^/]+\/compute\/v1\/)?projects\/([a-z0-9.:-]+)\/global\/images\/(family\/)?([a-z0-9-]+)$/

/** An image with what decides where it can run. */
export interface FoundImage extends PlatformImage {
  /** What the image says it can do, such as `UEFI_COMPATIBLE`. */
  features: ReadonlySet<string>
  diskGiB: number
}

/**
 * Finds an image: `projects/P/global/images/NAME`, `projects/P/global/images/family/NAME`, the name of one in this project,
 * or a release such as `debian-13`, newest first; `daily:` before it means daily builds.
 * @throws PlatformError not-found
 */
export async function findImage(
  client: GceClient,
  reference: string,
  architecture: string | undefined,
  waiting: CallWaiting,
): Promise<FoundImage> {
  const path = PATH.exec(reference)
  if (path) {
    const [, project = '', isFamily, name = ''] = path
    const image = isFamily
      ? await client.images.newest(project, name, waiting)
      : await client.images.get(project, name, waiting)
    return described(present(image, reference), project, undefined)
  }
  const family = familyOf(reference, architecture)
  if (family) {
    const image = await client.images.newest(family.project, family.family, waiting)
    return described(
      present(image, `${reference} (family ${family.family} of ${family.project})`),
      family.project,
      family,
    )
  }
  const own = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(reference)
    ? await client.images.get(client.project, reference, waiting)
    : undefined
  return described(present(own, reference), client.project, undefined)
}

function present(image: Image | undefined, what: string): Image {
  if (image) return image
  throw new PlatformError('not-found', `Compute Engine has no image ${what}`, {
    hint: `write DISTRIBUTION-RELEASE (${knownDistributions().join(', ')}) or projects/PROJECT/global/images/NAME`,
    cause: new Error(`no image ${what}`),
  })
}

function described(
  image: Image,
  project: string,
  known: { distribution: string; release: string } | undefined,
): FoundImage {
  const name = image.name ?? ''
  const [, distribution = '', release = ''] =
    /^([a-z]+(?:-leap)?)-(?:cloud-|linux-|stream-)?(\d+(?:-\d+)?)/.exec(image.family ?? name) ?? []
  return {
    id: `projects/${project}/global/images/${name}`,
    digest: image.rawDisk?.sha1Checksum ? `sha1:${image.rawDisk.sha1Checksum}` : undefined,
    distribution: known?.distribution ?? image.labels?.['harness-distribution'] ?? distribution,
    release: known?.release ?? image.labels?.['harness-release'] ?? release.replace('-', '.'),
    architecture: image.architecture === 'ARM64' ? 'arm64' : 'amd64',
    variant: 'default',
    description: image.family ? `${name}, of the family ${image.family}` : name,
    features: new Set((image.guestOsFeatures ?? []).flatMap(({ type }) => (type ? [String(type)] : []))),
    diskGiB: Number(image.diskSizeGb ?? 10),
  }
}

/** Refuses what the image cannot do, before anything is made. @throws ConfigError */
export function checkBoot(image: FoundImage, boot: string | undefined): void {
  if (boot === undefined) return
  const uefi = image.features.has('UEFI_COMPATIBLE') || image.architecture === 'arm64'
  if (boot === 'bios' && image.architecture === 'arm64')
    throw new ConfigError(`${image.id} is for arm64, which boots by UEFI only`, { hint: 'use boot: uefi' })
  if (boot !== 'bios' && !uefi)
    throw new ConfigError(`${image.id} cannot boot by UEFI: it does not say UEFI_COMPATIBLE`, {
      hint: 'use boot: bios, or register the image with that feature',
    })
}

/** Words of Compute Engine for an architecture as Debian spells it. */
export function architectureName(architecture: string): 'X86_64' | 'ARM64' {
  return nodeArchitecture(architecture) === 'arm64' ? 'ARM64' : 'X86_64'
}
