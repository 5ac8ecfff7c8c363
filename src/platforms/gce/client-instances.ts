import type * as Compute from '@google-cloud/compute'
import type { CallWaiting } from '../cloud-calls.ts'
import { forgiving, ifThere, read } from './client-calls.ts'
import type { Caller } from './client-calls.ts'

export type Instance = Compute.protos.google.cloud.compute.v1.IInstance
export type NetworkInterface = Compute.protos.google.cloud.compute.v1.INetworkInterface
type AttachedDisk = Compute.protos.google.cloud.compute.v1.IAttachedDisk

/** Something in a zone. */
export interface InZone {
  zone: string
  name: string
}

/** Virtual machines. Changes resolve when their operation is done. @throws PlatformError, CancelledError */
export class Instances {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** Sends the create call, and waits. The same `requestId` makes one machine however often it is sent. */
  async insert(zone: string, instance: Instance, requestId: string, waiting: CallWaiting): Promise<void> {
    const what = `creating ${instance.name}`
    await this.#caller.zonal(what, zone, waiting, (options) =>
      this.#instances.insert({ ...this.#caller.inZone(zone), instanceResource: instance, requestId }, options),
    )
  }

  async get({ zone, name }: InZone, waiting: CallWaiting): Promise<Instance | undefined> {
    const found = await ifThere(`reading ${name}`, waiting, (options) =>
      this.#instances.get({ ...this.#caller.inZone(zone), instance: name }, options),
    )
    return found?.[0]
  }

  /** Those with a label, in all zones. */
  async list(filter: string, waiting: CallWaiting): Promise<Instance[]> {
    return await read('listing machines', waiting, async (options) => {
      const found: Instance[] = []
      const pages = this.#instances.aggregatedListAsync({ project: this.#caller.project, filter }, options)
      for await (const [, scope] of pages) found.push(...(scope.instances ?? []))
      return found
    })
  }

  async start(at: InZone, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#power('start', at, requestId, waiting)
  }

  async stop(at: InZone, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#power('stop', at, requestId, waiting)
  }

  /** As by the reset button. */
  async reset(at: InZone, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#power('reset', at, requestId, waiting)
  }

  /** Deletes; one that is gone is fine. */
  async delete(at: InZone, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      this.#caller.zonal(`deleting ${at.name}`, at.zone, waiting, (options) =>
        this.#instances.delete({ ...this.#caller.inZone(at.zone), instance: at.name }, options),
      ),
    )
  }

  /** What the first serial port has shown since byte `start`. The first byte that is still there may be a later one. */
  async serialPort(at: InZone, start: number, waiting: CallWaiting) {
    const [output] = await read(`reading the console of ${at.name}`, waiting, (options) =>
      this.#instances.getSerialPortOutput(
        { ...this.#caller.inZone(at.zone), instance: at.name, port: 1, start: String(start) },
        options,
      ),
    )
    return { text: output.contents ?? '', start: Number(output.start ?? 0), next: Number(output.next ?? 0) }
  }

  /** A picture of the screen. Only of machines with a display. */
  async screenshot(at: InZone, waiting: CallWaiting): Promise<Uint8Array> {
    const [picture] = await read(`taking a picture of ${at.name}`, waiting, (options) =>
      this.#instances.getScreenshot({ ...this.#caller.inZone(at.zone), instance: at.name }, options),
    )
    return Buffer.from(picture.contents ?? '', 'base64')
  }

  /** Values the guest has left under a namespace, by key. */
  async guestAttributes(at: InZone, namespace: string, waiting: CallWaiting): Promise<Map<string, string>> {
    const found = await ifThere(`reading what ${at.name} left`, waiting, (options) =>
      this.#instances.getGuestAttributes(
        { ...this.#caller.inZone(at.zone), instance: at.name, queryPath: `${namespace}/` },
        options,
      ),
    )
    const items = found?.[0].queryValue?.items ?? []
    return new Map(items.map(({ key, value }) => [key ?? '', value ?? '']))
  }

  async attachDisk(at: InZone, disk: AttachedDisk, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#caller.zonal(`attaching a disk to ${at.name}`, at.zone, waiting, (options) =>
      this.#instances.attachDisk(
        { ...this.#caller.inZone(at.zone), instance: at.name, attachedDiskResource: disk, requestId },
        options,
      ),
    )
  }

  async detachDisk(at: InZone, deviceName: string, waiting: CallWaiting): Promise<void> {
    await this.#caller.zonal(`detaching a disk of ${at.name}`, at.zone, waiting, (options) =>
      this.#instances.detachDisk({ ...this.#caller.inZone(at.zone), instance: at.name, deviceName }, options),
    )
  }

  async addNetworkInterface(at: InZone, nic: NetworkInterface, requestId: string, waiting: CallWaiting): Promise<void> {
    await this.#caller.zonal(`adding a network card to ${at.name}`, at.zone, waiting, (options) =>
      this.#instances.addNetworkInterface(
        { ...this.#caller.inZone(at.zone), instance: at.name, networkInterfaceResource: nic, requestId },
        options,
      ),
    )
  }

  async deleteNetworkInterface(at: InZone, nic: string, waiting: CallWaiting): Promise<void> {
    await this.#caller.zonal(`removing a network card of ${at.name}`, at.zone, waiting, (options) =>
      this.#instances.deleteNetworkInterface(
        { ...this.#caller.inZone(at.zone), instance: at.name, networkInterfaceName: nic },
        options,
      ),
    )
  }

  /** Whether the platform took a spot machine away. */
  async wasPreempted(at: InZone, waiting: CallWaiting): Promise<boolean> {
    const filter = `operationType="compute.instances.preempted"`
    return await read(`asking whether ${at.name} was taken away`, waiting, async (options) => {
      const listed = this.#caller
        .client('ZoneOperationsClient')
        .listAsync({ ...this.#caller.inZone(at.zone), filter }, options)
      for await (const { targetLink } of listed) if (targetLink?.endsWith(`/instances/${at.name}`)) return true
      return false
    })
  }

  async #power(action: 'start' | 'stop' | 'reset', at: InZone, requestId: string, waiting: CallWaiting): Promise<void> {
    const request = { ...this.#caller.inZone(at.zone), instance: at.name, requestId }
    const what = { start: 'starting', stop: 'stopping', reset: 'resetting' }[action]
    await this.#caller.zonal(`${what} ${at.name}`, at.zone, waiting, (options) =>
      this.#instances[action](request, options),
    )
  }

  get #instances() {
    return this.#caller.client('InstancesClient')
  }
}
