import type * as Compute from '@google-cloud/compute'
import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { Caller, connect, ifThere, read } from './client-calls.ts'
import { Disks } from './client-disks.ts'
import { Images } from './client-images.ts'
import { Instances } from './client-instances.ts'
import { Networks } from './client-networks.ts'
import type { GceOptions } from './options.ts'

export type MachineType = Compute.protos.google.cloud.compute.v1.IMachineType
export type Region = Compute.protos.google.cloud.compute.v1.IRegion

/** Compute Engine, as far as it is needed here. The files whose names begin with `client` are the only ones that know the SDK. */
export class GceClient {
  readonly instances: Instances
  readonly disks: Disks
  readonly images: Images
  readonly networks: Networks
  readonly #caller: Caller

  private constructor(caller: Caller) {
    this.#caller = caller
    this.instances = new Instances(caller)
    this.disks = new Disks(caller)
    this.images = new Images(caller)
    this.networks = new Networks(caller)
  }

  /** @throws PrerequisiteError without the SDK or credentials */
  static async open(options: GceOptions): Promise<GceClient> {
    return new GceClient(new Caller(await connect(options)))
  }

  get project(): string {
    return this.#caller.project
  }

  async machineType(zone: string, name: string, waiting: CallWaiting): Promise<MachineType | undefined> {
    const found = await ifThere(`reading the type ${name}`, waiting, (options) =>
      this.#caller.client('MachineTypesClient').get({ ...this.#caller.inZone(zone), machineType: name }, options),
    )
    return found?.[0]
  }

  /** With its zones and quotas. */
  async region(name: string, waiting: CallWaiting): Promise<Region> {
    const [found] = await read(`reading the region ${name}`, waiting, (options) =>
      this.#caller.client('RegionsClient').get({ project: this.#caller.project, region: name }, options),
    )
    return found
  }

  /** For calls of Cloud Storage, which has no part in the SDK of Compute Engine. */
  async authorization(): Promise<string> {
    const token = await this.#caller.token()
    if (!token) throw new PlatformError('auth', 'Google Cloud gave no access token')
    return `Bearer ${token}`
  }

  async close(): Promise<void> {
    await this.#caller.close()
  }
}
