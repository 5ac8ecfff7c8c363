import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import { checkAccess } from '../cloud-access.ts'
import { defaultUser } from '../cloud-line.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Resource } from '../platform.ts'
import { AzureClient } from './client.ts'
import { inGroup } from './ids.ts'
import { checkBoot, findImage } from './images.ts'
import type { FoundImage } from './images.ts'
import { launchMachine } from './launch.ts'
import { Lookup } from './lookup.ts'
import { AzureMachine } from './machine.ts'
import type { Plan } from './machine-body.ts'
import { manifest } from './manifest.ts'
import { Grounds } from './network.ts'
import { parseExtra } from './options.ts'
import type { AzureOptions } from './options.ts'
import { isImageFile, registerImage } from './register-image.ts'
import { listResources, removeRegistered, removeResource } from './resources.ts'

type ResolveOptions = Parameters<PlatformSession['resolveImage']>[1]

const RESOLVE_MS = 120_000
const UPLOAD_MS = 3_600_000

/** One subscription, signed in to. */
export class AzureSession implements PlatformSession {
  readonly manifest = manifest
  readonly #client: AzureClient
  readonly #options: AzureOptions
  /** Ids of images this session made of files, and of galleries with them. */
  readonly #registered = new Set<string>()
  readonly #lookup: Lookup
  readonly #grounds: Grounds
  readonly #images = new Map<string, FoundImage>()

  private constructor(client: AzureClient, options: AzureOptions) {
    this.#client = client
    this.#options = options
    this.#lookup = new Lookup(client, options)
    this.#grounds = new Grounds(client, options)
  }

  static async open(options: AzureOptions): Promise<AzureSession> {
    return new AzureSession(await AzureClient.open(options), options)
  }

  /** Also registers an image from a file: `./disk.vhd`, `./disk.raw` or `./disk.qcow2`. */
  async resolveImage(reference: string, options: ResolveOptions): Promise<PlatformImage> {
    const { owner, signal, onProgress, architecture } = options
    const location = this.#lookup.location({})
    const waiting = { deadlineMs: isImageFile(reference) ? UPLOAD_MS : RESOLVE_MS, signal }
    if (!isImageFile(reference)) return await this.#image(reference, { location, architecture }, waiting)
    const ground = await this.#grounds.of(owner, location, waiting)
    const place = { group: ground.group, regions: [location, ...(this.#options['other-regions'] ?? [])] }
    const gallery = this.#options.gallery ?? true
    const onMade = (made: string) => void this.#registered.add(made)
    const about = { owner, onProgress, architecture, gallery, onMade }
    const id = await registerImage(this.#client, reference, place, { ...about, ...waiting })
    return await this.#image(id, { location, architecture }, waiting)
  }

  async launch(request: LaunchRequest): Promise<AzureMachine> {
    if (request.cloudIdentity) throw new UnsupportedError('azure is a cloud: its guests get no other identity')
    checkAccess('azure', this.#options.access, 'Azure Bastion')
    const extra = parseExtra(request)
    const options = this.#options
    const waiting = { deadlineMs: request.deadlineMs, signal: request.signal }
    const location = this.#lookup.location(request)
    const image = await this.#image(request.image, { location, boot: request.boot }, waiting)
    checkBoot(image, request.boot)
    const plan: Plan = {
      request,
      options,
      image,
      user: options.user ?? defaultUser(image.distribution),
      // What was taken away once is not risked again.
      market: request.owner.attempt > 1 ? 'on-demand' : (extra.market ?? options.market ?? 'on-demand'),
      address: extra.address ?? options.address ?? 'public',
    }
    const context = { client: this.#client, lookup: this.#lookup, grounds: this.#grounds }
    const { at, machine } = await launchMachine(context, plan, waiting)
    return new AzureMachine(this.#client, options, at, machine, image.id)
  }

  async attach(id: string): Promise<AzureMachine> {
    const at = inGroup(id)
    const machine = at.name === '' ? undefined : await this.#client.machine(at, { deadlineMs: 60_000 })
    if (!machine)
      throw new PlatformError('not-found', `Azure has no machine "${id}"`, {
        hint: 'write it as RESOURCE-GROUP/NAME',
        cause: new Error(`no machine ${id}`),
      })
    return new AzureMachine(this.#client, this.#options, at, machine)
  }

  async resources(filter: { runId?: string }): Promise<Resource[]> {
    return await listResources(this.#client, filter)
  }

  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    await removeResource(this.#client, resource)
  }

  async close(): Promise<void> {
    const removing = [...this.#registered].map((id) => removeRegistered(this.#client, id))
    // What is left is found by its tags.
    await Promise.allSettled(removing)
    await this.#grounds.removeOwn({ deadlineMs: 180_000 })
  }

  /** Looked for once, so that all machines of a run are of the same image. */
  async #image(
    reference: string,
    wanted: { location: string; architecture?: string | undefined; boot?: string | undefined },
    waiting: CallWaiting,
  ): Promise<FoundImage> {
    const key = `${wanted.boot === 'bios' ? 'bios' : ''} ${wanted.architecture ?? ''} ${reference}`
    const image = this.#images.get(key) ?? (await findImage(this.#client, reference, wanted, waiting))
    this.#images.set(key, image)
    return image
  }
}
