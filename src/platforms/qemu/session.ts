import { join } from 'node:path'
import { debianArchitecture } from '../../core/architecture.ts'
import { stateDir } from '../../core/paths.ts'
import { openAtRest } from '../../images/index.ts'
import type { RestingRoot } from '../../images/index.ts'
import { stopGuestService } from '../guest-service.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Resource } from '../platform.ts'
import { chooseAccelerator, hostArchitecture, paceOf } from './accelerator.ts'
import { serviceName } from './cloud/prepare-guest.ts'
import { findImage } from './images.ts'
import { architectureOf, openImageFile } from './image-file.ts'
import { launchMachine } from './launch.ts'
import type { Source } from './plan-launch.ts'
import { QemuMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import type { Architecture, LaunchExtra, QemuOptions } from './options.ts'
import { parseExtra } from './options.ts'
import { findSnapshot, machineDir, readRecord, snapshotDir } from './record.ts'
import { listResources, removeResource } from './resources.ts'

const NAMES: Readonly<Record<string, Architecture>> = { amd64: 'x86_64', arm64: 'aarch64' }

type ResolveOptions = Parameters<PlatformSession['resolveImage']>[1]

/** Where machines and snapshots are kept. */
export function rootOf(options: QemuOptions): string {
  return options.dir ?? join(stateDir(), 'qemu')
}

/** A folder of machines; there is nothing to sign in to. */
export class QemuSession implements PlatformSession {
  readonly manifest = manifest
  readonly #options: QemuOptions
  readonly #root: string
  /** Machines whose metadata services run in this process. */
  readonly #guests = new Set<string>()

  constructor(options: QemuOptions) {
    this.#options = options
    this.#root = rootOf(options)
  }

  async resolveImage(reference: string, options: ResolveOptions): Promise<PlatformImage> {
    const { file: _, ...image } = await findImage(reference, options)
    const architecture = this.#architecture({}, image.architecture)
    const acceleration = await this.#acceleration(architecture, options.signal)
    if (acceleration.warning !== undefined) options.onProgress?.(`warning: ${acceleration.warning}`)
    return { ...image, architecture: debianArchitecture(architecture) }
  }

  async openImageAtRest(imageId: string, options: { signal?: AbortSignal }): Promise<RestingRoot> {
    const { path } = await openImageFile(imageId, options.signal)
    return await openAtRest(path, options)
  }

  async launch(wanted: LaunchRequest): Promise<QemuMachine> {
    const extra = parseExtra(wanted)
    const { identity } = extra
    const request = identity && !wanted.cloudIdentity ? { ...wanted, cloudIdentity: { cloud: identity } } : wanted
    if (request.cloudIdentity) this.#guests.add(request.name)
    const source = await this.#source(request, extra)
    const { accelerator } = await this.#acceleration(source.architecture, request.signal)
    const context = { root: this.#root, options: this.#options, accelerator }
    const place = await launchMachine(context, request, extra, source)
    return await QemuMachine.open(this.#root, place, this.#options.user)
  }

  async attach(id: string): Promise<QemuMachine> {
    const place = { dir: machineDir(this.#root, id), name: id, program: this.#options.program }
    await readRecord(place.dir, id)
    return await QemuMachine.open(this.#root, place, this.#options.user)
  }

  async resources(filter: { runId?: string }): Promise<Resource[]> {
    return await listResources(this.#root, filter)
  }

  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    await removeResource(this.#root, resource)
  }

  async close(): Promise<void> {
    // Machines are processes of their own; only their metadata services are held here.
    for (const name of this.#guests) await stopGuestService(serviceName(name))
  }

  async #source(request: LaunchRequest, extra: LaunchExtra): Promise<Source> {
    const { image, signal } = request
    if (/^[^/]+\/[^/]+$/.test(image)) {
      const snapshot = await findSnapshot(snapshotDir(this.#root, image))
      if (snapshot) return { snapshot, id: image, architecture: snapshot.machine.architecture }
    }
    const file = image.startsWith('/') ? await openImageFile(image, signal) : (await findImage(image, { signal })).file
    return { image: file, architecture: this.#architecture(extra, (await architectureOf(file, signal)) ?? '') }
  }

  /** What was asked for, else what the image says, else this host's. */
  #architecture(extra: LaunchExtra, said: string): Architecture {
    const known = NAMES[debianArchitecture(said)]
    return extra.architecture ?? this.#options.architecture ?? known ?? hostArchitecture()
  }

  async #acceleration(architecture: Architecture, signal: AbortSignal | undefined) {
    const { accelerator, program } = this.#options
    return accelerator ? { accelerator } : await chooseAccelerator(architecture, { program, signal })
  }
}

/** How many times longer than on real hardware things take here. */
export async function paceOfHost(options: QemuOptions): Promise<number> {
  const { accelerator, architecture, program } = options
  return paceOf(accelerator ?? (await chooseAccelerator(architecture ?? hostArchitecture(), { program })).accelerator)
}
