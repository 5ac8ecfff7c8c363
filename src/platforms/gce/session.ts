import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import { defaultUser } from '../cloud-line.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Resource } from '../platform.ts'
import { GceClient } from './client.ts'
import { checkBoot, findImage } from './images.ts'
import type { FoundImage } from './images.ts'
import { instanceBody } from './instance-body.ts'
import type { Plan } from './instance-body.ts'
import { launchInstance } from './launch.ts'
import { Lookup } from './lookup.ts'
import { GceMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import { Networks } from './network.ts'
import { parseExtra } from './options.ts'
import type { GceOptions } from './options.ts'
import { isImageFile, registerImage } from './register-image.ts'
import { listResources, removeResource } from './resources.ts'

type ResolveOptions = Parameters<PlatformSession['resolveImage']>[1]

const RESOLVE_MS = 120_000
const UPLOAD_MS = 3_600_000

/** One project, signed in to. */
export class GceSession implements PlatformSession {
  readonly manifest = manifest
  readonly #client: GceClient
  readonly #options: GceOptions
  /** Names of images this session made of files. */
  readonly #registered = new Set<string>()
  readonly #lookup: Lookup
  readonly #networks: Networks
  readonly #images = new Map<string, FoundImage>()

  private constructor(client: GceClient, options: GceOptions) {
    this.#client = client
    this.#options = options
    this.#lookup = new Lookup(client, options)
    this.#networks = new Networks(client, options)
  }

  static async open(options: GceOptions): Promise<GceSession> {
    return new GceSession(await GceClient.open(options), options)
  }

  /** Also registers an image from a file: `./disk.tar.gz` in the form Compute Engine takes, or `./disk.raw`. */
  async resolveImage(reference: string, options: ResolveOptions): Promise<PlatformImage> {
    const { owner, signal, onProgress, architecture } = options
    const waiting = { deadlineMs: isImageFile(reference) ? UPLOAD_MS : RESOLVE_MS, signal }
    const wanted = isImageFile(reference)
      ? await registerImage(this.#client, this.#options, reference, {
          owner,
          onProgress,
          architecture,
          onMade: (name) => void this.#registered.add(name),
          ...waiting,
        })
      : reference
    return await this.#image(wanted, architecture, waiting)
  }

  async launch(request: LaunchRequest): Promise<GceMachine> {
    if (request.cloudIdentity) throw new UnsupportedError('gce is a cloud: its guests get no other identity')
    const extra = parseExtra(request)
    const options = this.#options
    const waiting = { deadlineMs: request.deadlineMs, signal: request.signal }
    const image = await this.#image(request.image, undefined, waiting)
    checkBoot(image, request.boot)
    const nics = Array.from({ length: request.nics ?? 0 }, (_, index) => index)
    const plan: Plan = {
      request,
      options,
      image,
      user: options.user ?? defaultUser(image.distribution),
      attachment: await this.#networks.attachment(request.owner, waiting),
      extraNics: await Promise.all(nics.map((index) => this.#networks.extra(index, request.owner, waiting))),
      // What was taken away once is not risked again.
      market: request.owner.attempt > 1 ? 'on-demand' : (extra.market ?? options.market ?? 'on-demand'),
      address: extra.address ?? options.address ?? 'public',
      nested: extra.nested === 'on',
    }
    const at = await launchInstance(this.#client, this.#lookup, plan, waiting)
    const instance = await this.#client.instances.get(at, { deadlineMs: 60_000 })
    // A spot machine may be gone before it was ever looked at.
    const known = instance ?? instanceBody(plan, at.place)
    return new GceMachine(this.#context(), at, known, image.id)
  }

  async attach(id: string): Promise<GceMachine> {
    const [zone = '', name = ''] = id.split('/')
    const at = { zone, name }
    const instance = name === '' ? undefined : await this.#client.instances.get(at, { deadlineMs: 60_000 })
    if (!instance)
      throw new PlatformError('not-found', `Compute Engine has no machine "${id}"`, {
        hint: 'write it as ZONE/NAME',
        cause: new Error(`no machine ${id}`),
      })
    return new GceMachine(this.#context(), at, instance)
  }

  async resources(filter: { runId?: string }): Promise<Resource[]> {
    return await listResources(this.#client, filter)
  }

  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    await removeResource(this.#client, resource)
  }

  async close(): Promise<void> {
    const removing = [...this.#registered].map((name) => this.#client.images.delete(name, { deadlineMs: 120_000 }))
    // What is left is found by its labels.
    await Promise.allSettled(removing)
    await this.#networks.removeOwn({ deadlineMs: 60_000 })
    await this.#client.close()
  }

  #context() {
    return { client: this.#client, networks: this.#networks, options: this.#options }
  }

  /** Looked for once, so that all machines of a run are of the same image. */
  async #image(
    reference: string,
    architecture: string | undefined,
    waiting: { deadlineMs: number; signal?: AbortSignal | undefined },
  ): Promise<FoundImage> {
    const key = `${architecture ?? ''} ${reference}`
    const image = this.#images.get(key) ?? (await findImage(this.#client, reference, architecture, waiting))
    this.#images.set(key, image)
    this.#images.set(` ${image.id}`, image)
    return image
  }
}
