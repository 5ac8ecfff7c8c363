import { PlatformError } from '../../core/errors.ts'
import type { ImageAtRest, LaunchRequest, PlatformSession, Resource } from '../platform.ts'
import type { ImageInfo, InstanceInfo, ServerInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { stopGuestService } from '../guest-service.ts'
import { openImage } from './image-at-rest.ts'
import { describeImage, resolveImage } from './images.ts'
import { findByFingerprint } from './image-import.ts'
import { checkImageType, launchInstance } from './launch.ts'
import type { Source } from './launch.ts'
import { LxdMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import type { LxdOptions } from './options.ts'
import { parseExtra, withIdentity } from './options.ts'
import { listResources, removeResource } from './resources.ts'
import { parseMachineId } from './snapshots.ts'

type ResolveOptions = Parameters<PlatformSession['resolveImage']>[1]

/** A daemon that answered and trusts us. */
export class LxdSession implements PlatformSession {
  readonly manifest = manifest
  readonly #client: LxdClient
  readonly #options: LxdOptions
  readonly #extensions: ReadonlySet<string>
  /** Machines whose metadata services run in this process. */
  readonly #guests = new Set<string>()
  /** Images being found, so that parallel cells build and import one only once. */
  readonly #resolving = new Map<string, Promise<ImageInfo>>()

  constructor(client: LxdClient, options: LxdOptions, server: ServerInfo) {
    this.#client = client
    this.#options = options
    this.#extensions = new Set(server.api_extensions)
  }

  async resolveImage(reference: string, options: ResolveOptions) {
    return describeImage(await this.#resolve(reference, options))
  }

  openImageAtRest(imageId: string, options: { signal?: AbortSignal }): Promise<ImageAtRest> {
    return openImage(this.#client, imageId, options)
  }

  async launch(wanted: LaunchRequest) {
    const extra = parseExtra(wanted)
    const request = withIdentity(wanted, extra)
    if (request.cloudIdentity) this.#guests.add(request.name)
    const client = this.#client.inProject(extra.project ?? this.#options.project)
    const source = await this.#source(client, request)
    const instance = await launchInstance(
      { client, options: this.#options, extensions: this.#extensions },
      request,
      extra,
      source,
    )
    return new LxdMachine(
      client,
      instance,
      extra.project === undefined ? instance.name : `${extra.project}:${instance.name}`,
    )
  }

  async attach(id: string) {
    const { project, instance } = parseMachineId(id)
    const client = this.#client.inProject(project ?? this.#options.project)
    return new LxdMachine(client, await client.get<InstanceInfo>(`/1.0/instances/${instance}`), id)
  }

  resources(filter: { runId?: string }): Promise<Resource[]> {
    return listResources(this.#client, filter, this.#extensions)
  }

  remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    return removeResource(this.#client, resource)
  }

  async close(): Promise<void> {
    for (const name of this.#guests) await stopGuestService(name)
    this.#client.close()
  }

  async #source(client: LxdClient, request: LaunchRequest): Promise<Source> {
    const snapshot = await this.#findSnapshot(client, request.image)
    if (snapshot !== undefined) return { snapshot }
    const known = /^[0-9a-f]{64}$/.test(request.image) ? await findByFingerprint(client, request.image) : undefined
    const image =
      known ??
      (await this.#resolve(request.image, {
        owner: request.owner,
        ...(request.signal ? { signal: request.signal } : {}),
      }))
    checkImageType(image, request.boot)
    return { image }
  }

  /** `instance/snapshot`; an alias of an image may look the same, so the server is asked. */
  async #findSnapshot(client: LxdClient, reference: string): Promise<string | undefined> {
    if (!/^(?:[^/:]+:)?[A-Za-z0-9-]+\/[^/]+$/.test(reference)) return undefined
    const { instance, snapshot } = parseMachineId(reference)
    try {
      await client.get(`/1.0/instances/${instance}/snapshots/${snapshot}`)
      return `${instance}/${snapshot}`
    } catch (error) {
      if (error instanceof PlatformError && error.kind === 'not-found') return undefined
      throw error
    }
  }

  async #resolve(reference: string, options: ResolveOptions): Promise<ImageInfo> {
    const before = this.#resolving.get(reference)
    if (before) return before
    const resolving = resolveImage(this.#client, reference, options)
    this.#resolving.set(reference, resolving)
    try {
      return await resolving
    } finally {
      this.#resolving.delete(reference)
    }
  }
}
