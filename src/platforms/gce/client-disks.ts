import type * as Compute from '@google-cloud/compute'
import type { CallWaiting } from '../cloud-calls.ts'
import { forgiving, read } from './client-calls.ts'
import type { Caller } from './client-calls.ts'
import type { InZone } from './client-instances.ts'

export type Disk = Compute.protos.google.cloud.compute.v1.IDisk

/** Persistent disks. Changes resolve when their operation is done. @throws PlatformError, CancelledError */
export class Disks {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async insert(zone: string, disk: Disk, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#caller.zonal(`creating the disk ${disk.name}`, zone, waiting, (options) =>
      this.#disks.insert({ ...this.#caller.inZone(zone), diskResource: disk, requestId }, options),
    )
  }

  /** Deletes; one that is gone is fine. */
  async delete({ zone, name }: InZone, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      this.#caller.zonal(`deleting the disk ${name}`, zone, waiting, (options) =>
        this.#disks.delete({ ...this.#caller.inZone(zone), disk: name }, options),
      ),
    )
  }

  async list(filter: string, waiting: CallWaiting): Promise<Disk[]> {
    return await read('listing disks', waiting, async (options) => {
      const found: Disk[] = []
      const pages = this.#disks.aggregatedListAsync({ project: this.#caller.project, filter }, options)
      for await (const [, scope] of pages) found.push(...(scope.disks ?? []))
      return found
    })
  }

  get #disks() {
    return this.#caller.client('DisksClient')
  }
}
