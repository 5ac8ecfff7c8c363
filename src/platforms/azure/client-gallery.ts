import type { Gallery, GalleryImage, GalleryImageVersion } from '@azure/arm-compute'
import type { CallWaiting } from '../cloud-calls.ts'
import { change, forgiving, ifThere } from './client-calls.ts'
import type { Connection } from './client-calls.ts'
import type { InGroup } from './ids.ts'

export type { GalleryImage, GalleryImageVersion }

/** A version of an image in a gallery. */
export interface InGallery extends InGroup {
  image: string
  version: string
}

/** Galleries of images, as far as they are needed here. Versions are replicated to regions. @throws PlatformError, CancelledError */
export class GalleryClient {
  readonly #on: Connection

  constructor(connection: Connection) {
    this.#on = connection
  }

  async put({ group, name }: InGroup, gallery: Gallery, waiting: CallWaiting): Promise<void> {
    await change(`creating the gallery ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.galleries.createOrUpdate(group, name, gallery, options),
    )
  }

  async putImage({ group, name }: InGroup, image: string, about: GalleryImage, waiting: CallWaiting): Promise<void> {
    await change(`creating ${image} in the gallery ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.galleryImages.createOrUpdate(group, name, image, about, options),
    )
  }

  async putVersion(at: InGallery, about: GalleryImageVersion, waiting: CallWaiting): Promise<string> {
    const { group, name, image, version } = at
    const made = await change(`creating ${image} ${version} in the gallery ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.galleryImageVersions.createOrUpdate(group, name, image, version, about, options),
    )
    return made.id ?? ''
  }

  async image({ group, name }: InGroup, image: string, waiting: CallWaiting): Promise<GalleryImage | undefined> {
    return await ifThere(`reading ${image} of the gallery ${name}`, waiting, (options) =>
      this.#on.compute.galleryImages.get(group, name, image, options),
    )
  }

  async version(at: InGallery, waiting: CallWaiting): Promise<GalleryImageVersion | undefined> {
    const { group, name, image, version } = at
    return await ifThere(`reading ${image} ${version} of the gallery ${name}`, waiting, (options) =>
      this.#on.compute.galleryImageVersions.get(group, name, image, version, options),
    )
  }

  /** With everything in it, from the inside out; one that is gone is fine. */
  async delete({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    const inside = await ifThere(`listing the gallery ${name}`, waiting, async (options) => {
      const found: { image: string; versions: string[] }[] = []
      for await (const { name: image = '' } of this.#on.compute.galleryImages.listByGallery(group, name, options)) {
        const versions: string[] = []
        const listed = this.#on.compute.galleryImageVersions.listByGalleryImage(group, name, image, options)
        for await (const { name: version = '' } of listed) versions.push(version)
        found.push({ image, versions })
      }
      return found
    })
    for (const { image, versions } of inside ?? []) {
      for (const version of versions)
        await forgiving(() =>
          change(`deleting ${image} ${version}`, waiting, this.#on, (options) =>
            this.#on.compute.galleryImageVersions.delete(group, name, image, version, options),
          ),
        )
      await forgiving(() =>
        change(`deleting ${image} of the gallery ${name}`, waiting, this.#on, (options) =>
          this.#on.compute.galleryImages.delete(group, name, image, options),
        ),
      )
    }
    await forgiving(() =>
      change(`deleting the gallery ${name}`, waiting, this.#on, (options) =>
        this.#on.compute.galleries.delete(group, name, options),
      ),
    )
  }
}
