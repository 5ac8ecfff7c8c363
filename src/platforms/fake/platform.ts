import type { Machine } from '../../instance/machine.ts'
import { definePlatform } from '../platform.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Resource } from '../platform.ts'
import { FakeCloud, Faults } from './client.ts'
import { Directory } from './directory.ts'
import { codeOf, FakeProviderError, mapped } from './errors.ts'
import { FakeMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import { readOptions } from './options.ts'
import type { Options, Settings } from './options.ts'

class FakeSession implements PlatformSession {
  readonly manifest = manifest
  readonly #cloud: FakeCloud
  readonly #settings: Settings
  readonly #faults: Faults

  constructor(settings: Settings, faults: Faults) {
    this.#cloud = FakeCloud.open(settings.world)
    this.#settings = settings
    this.#faults = faults
  }

  async resolveImage(reference: string): Promise<PlatformImage> {
    return await mapped(() => {
      this.#faults.provider('resolve', reference)
      if (!this.#settings.images.includes(reference) && !this.#cloud.snapshots.has(reference)) {
        throw new FakeProviderError(
          codeOf('not-found'),
          `there is no image "${reference}"; images: ${this.#settings.images.join(', ')}`,
        )
      }
      const [distribution = '', release = ''] = reference.split('-')
      return {
        id: reference,
        digest: undefined,
        distribution,
        release,
        architecture: 'x86_64',
        variant: 'default',
        description: `${reference} in memory`,
      }
    })
  }

  async launch(request: LaunchRequest): Promise<Machine> {
    const machine = this.#machine(await mapped(() => this.#cloud.launch(request, this.#settings, this.#faults)))
    for (const disk of request.disks ?? []) await machine.addDisk(disk)
    for (let number = 0; number < (request.nics ?? 0); number++) await machine.addNic()
    return machine
  }

  async attach(id: string): Promise<Machine> {
    return await mapped(() => {
      const known = this.#cloud.machines.get(id)
      if (known) return this.#machine(known)
      if (!this.#settings.adopt) throw new FakeProviderError(codeOf('not-found'), `there is no machine "${id}"`)
      return this.#machine(this.#cloud.adopt(id, this.#settings, { runId: '', cell: '', attempt: 1, expires: '' }))
    })
  }

  #machine(record: Parameters<FakeCloud['snapshot']>[0]): Machine {
    return new FakeMachine(record, this.#cloud, this.#settings, this.#faults)
  }

  async resources(filter: { runId?: string }): Promise<Resource[]> {
    return await mapped(() => {
      this.#faults.provider('list', filter.runId ?? 'everything')
      return this.#cloud.list(filter.runId, new Directory(this.#settings.directory))
    })
  }

  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    if (resource.kind === 'snapshot') this.#cloud.snapshots.delete(resource.id)
    const record = resource.kind === 'machine' ? this.#cloud.machines.get(resource.id) : undefined
    if (record) await this.#machine(record).destroy()
    else new Directory(this.#settings.directory).delete(resource.id)
  }

  async close(): Promise<void> {}
}

export type { Options } from './options.ts'

export default definePlatform<Options>({
  manifest,
  open: async (options) => {
    const settings = readOptions(options)
    const faults = new Faults(settings.faults)
    await mapped(() => faults.provider('open', 'the session'))
    return new FakeSession(settings, faults)
  },
  doctor: async () => [{ name: 'memory', ok: true, detail: 'needs nothing but this process' }],
})
