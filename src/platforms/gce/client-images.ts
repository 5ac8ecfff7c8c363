import type * as Compute from '@google-cloud/compute'
import type { CallWaiting } from '../cloud-calls.ts'
import { forgiving, ifThere, read } from './client-calls.ts'
import type { Caller } from './client-calls.ts'

export type Image = Compute.protos.google.cloud.compute.v1.IImage

/** Images of this and other projects. Changes resolve when their operation is done. @throws PlatformError, CancelledError */
export class Images {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async get(project: string, name: string, waiting: CallWaiting): Promise<Image | undefined> {
    const found = await ifThere(`reading the image ${name}`, waiting, (options) =>
      this.#images.get({ project, image: name }, options),
    )
    return found?.[0]
  }

  /** The newest image of a family that is not deprecated. */
  async newest(project: string, family: string, waiting: CallWaiting): Promise<Image | undefined> {
    const found = await ifThere(`reading the image family ${family}`, waiting, (options) =>
      this.#images.getFromFamily({ project, family }, options),
    )
    return found?.[0]
  }

  async list(project: string, filter: string, waiting: CallWaiting): Promise<Image[]> {
    return await read('listing images', waiting, async (options) => {
      const found: Image[] = []
      for await (const image of this.#images.listAsync({ project, filter }, options)) found.push(image)
      return found
    })
  }

  async insert(image: Image, requestId: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await this.#caller.global(`creating the image ${image.name}`, waiting, (options) =>
      // A disk of a running machine is taken as it is.
      this.#images.insert({ project, imageResource: image, requestId, forceCreate: true }, options),
    )
  }

  /** Deletes; one that is gone is fine. */
  async delete(name: string, waiting: CallWaiting): Promise<void> {
    const { project } = this.#caller
    await forgiving(() =>
      this.#caller.global(`deleting the image ${name}`, waiting, (options) =>
        this.#images.delete({ project, image: name }, options),
      ),
    )
  }

  get #images() {
    return this.#caller.client('ImagesClient')
  }
}
