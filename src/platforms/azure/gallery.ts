import type { CallWaiting } from '../cloud-calls.ts'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import type { AzureClient } from './client.ts'
import type { InGallery } from './client-gallery.ts'
import type { InGroup } from './ids.ts'

/** Where a version of an image goes in the gallery of a run. Names of galleries take no hyphens. */
export function placeInGallery(owner: Owner, group: string, image: string): InGallery {
  return { group, name: `harness_${shortOf(owner.runId)}`, image, version: '1.0.0' }
}

/** What a version is made of: a managed image, or a generalized disk where Azure makes no managed image of it. */
export type VersionSource = { image: string } | { disk: string }

/**
 * Makes a version of an image in the gallery of the run, and waits until every region has it.
 * https://learn.microsoft.com/en-us/azure/virtual-machines/image-version
 * @returns the id of the version
 */
export async function publishVersion(
  client: AzureClient,
  at: InGallery,
  about: { source: VersionSource; architecture: string; regions: readonly string[]; tags: Record<string, string> },
  waiting: CallWaiting,
): Promise<string> {
  const { source, architecture, regions, tags } = about
  const [location = ''] = regions
  await client.galleries.put(at, { location, tags }, waiting)
  await client.galleries.putImage(
    at,
    at.image,
    {
      location,
      tags,
      osType: 'Linux',
      osState: 'Generalized',
      hyperVGeneration: 'V2',
      architecture: architecture === 'arm64' ? 'Arm64' : 'x64',
      identifier: { publisher: 'harness', offer: at.name, sku: at.image },
    },
    waiting,
  )
  const targetRegions = regions.map((name) => ({ name, regionalReplicaCount: 1 }))
  return await client.galleries.putVersion(
    at,
    {
      location,
      tags,
      publishingProfile: { targetRegions },
      storageProfile:
        'image' in source ? { source: { id: source.image } } : { osDiskImage: { source: { id: source.disk } } },
    },
    waiting,
  )
}

const VERSION =
  /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Compute\/galleries\/([^/]+)\/images\/([^/]+)(?:\/versions\/([^/]+))?$/i

/** Reads the id of a version, or of an image whose newest version is meant. */
export function parseVersion(id: string): (InGroup & { image: string; version: string | undefined }) | undefined {
  const [, group, name, image, version] = VERSION.exec(id) ?? []
  return group === undefined || name === undefined || image === undefined ? undefined : { group, name, image, version }
}
