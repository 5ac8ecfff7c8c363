import type {
  Disk,
  Image,
  ResourceSku,
  Snapshot,
  Usage,
  VirtualMachine,
  VirtualMachineImage,
  VirtualMachineInstanceView,
} from '@azure/arm-compute'
import type { GenericResourceExpanded, ResourceGroup } from '@azure/arm-resources'
import type { CallWaiting } from '../cloud-calls.ts'
import { call, change, connect, forgiving, ifThere } from './client-calls.ts'
import type { Connection } from './client-calls.ts'
import { GalleryClient } from './client-gallery.ts'
import { NetworkClient } from './client-network.ts'
import type { InGroup } from './ids.ts'
import type { AzureOptions } from './options.ts'

export type { Image, ResourceSku, VirtualMachine }

/** Azure, as far as it is needed here. The files whose names begin with `client` are the only ones that know the SDK. @throws PlatformError, CancelledError */
export class AzureClient {
  readonly subscription: string
  readonly ca: string | undefined
  readonly networks: NetworkClient
  readonly galleries: GalleryClient
  readonly #on: Connection

  private constructor(connection: Connection) {
    this.#on = connection
    this.subscription = connection.subscription
    this.ca = connection.ca
    this.networks = new NetworkClient(connection)
    this.galleries = new GalleryClient(connection)
  }

  /** @throws PrerequisiteError without the SDK, a subscription or credentials */
  static async open(options: AzureOptions): Promise<AzureClient> {
    return new AzureClient(await connect(options))
  }

  async putGroup(name: string, group: ResourceGroup, waiting: CallWaiting): Promise<void> {
    await call(`creating the resource group ${name}`, waiting, (options) =>
      this.#on.resources.resourceGroups.createOrUpdate(name, group, options),
    )
  }

  async group(name: string, waiting: CallWaiting): Promise<ResourceGroup | undefined> {
    return await ifThere(`reading the resource group ${name}`, waiting, (options) =>
      this.#on.resources.resourceGroups.get(name, options),
    )
  }

  async listGroups(filter: string, waiting: CallWaiting): Promise<ResourceGroup[]> {
    return await call('listing resource groups', waiting, (options) =>
      all(this.#on.resources.resourceGroups.list({ filter, ...options })),
    )
  }

  /** With everything in it; one that is gone is fine. */
  async deleteGroup(name: string, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the resource group ${name}`, waiting, this.#on, (options) =>
        this.#on.resources.resourceGroups.delete(name, options),
      ),
    )
  }

  /** Resources of the subscription, of whatever kind. */
  async listResources(filter: string, waiting: CallWaiting): Promise<GenericResourceExpanded[]> {
    return await call('listing resources', waiting, (options) =>
      all(this.#on.resources.resources.list({ filter, ...options })),
    )
  }

  async listInGroup(group: string, waiting: CallWaiting): Promise<GenericResourceExpanded[]> {
    return (
      (await ifThere(`listing what is in ${group}`, waiting, (options) =>
        all(this.#on.resources.resources.listByResourceGroup(group, options)),
      )) ?? []
    )
  }

  async putMachine({ group, name }: InGroup, machine: VirtualMachine, waiting: CallWaiting): Promise<VirtualMachine> {
    return await change(`creating ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.virtualMachines.createOrUpdate(group, name, machine, options),
    )
  }

  async machine({ group, name }: InGroup, waiting: CallWaiting): Promise<VirtualMachine | undefined> {
    return await ifThere(`reading ${name}`, waiting, (options) =>
      this.#on.compute.virtualMachines.get(group, name, options),
    )
  }

  async instanceView({ group, name }: InGroup, waiting: CallWaiting): Promise<VirtualMachineInstanceView | undefined> {
    return await ifThere(`reading the state of ${name}`, waiting, (options) =>
      this.#on.compute.virtualMachines.instanceView(group, name, options),
    )
  }

  /** With what was made for it, by its own delete options; one that is gone is fine. */
  async deleteMachine({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting ${name}`, waiting, this.#on, (options) =>
        this.#on.compute.virtualMachines.delete(group, name, { ...options, forceDeletion: true }),
      ),
    )
  }

  async startMachine({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await change(`starting ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.virtualMachines.start(group, name, options),
    )
  }

  /** Stops and gives the hardware back: nothing is paid for it then. */
  async deallocateMachine({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await change(`stopping ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.virtualMachines.deallocate(group, name, options),
    )
  }

  /** @param skipShutdown takes the power away instead of asking the guest */
  async powerOffMachine({ group, name }: InGroup, skipShutdown: boolean, waiting: CallWaiting): Promise<void> {
    await change(`powering ${name} off`, waiting, this.#on, (options) =>
      this.#on.compute.virtualMachines.powerOff(group, name, { ...options, skipShutdown }),
    )
  }

  async restartMachine({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await change(`restarting ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.virtualMachines.restart(group, name, options),
    )
  }

  /** Addresses of what the serial console has shown, and of a picture of the screen, as far as there are any yet. */
  async bootDiagnostics(
    { group, name }: InGroup,
    waiting: CallWaiting,
  ): Promise<{ console?: string; screen?: string }> {
    const found = await ifThere(`reading the console of ${name}`, waiting, (options) =>
      this.#on.compute.virtualMachines.retrieveBootDiagnosticsData(group, name, options),
    )
    const { serialConsoleLogBlobUri: console, consoleScreenshotBlobUri: screen } = found ?? {}
    return { ...(console ? { console } : {}), ...(screen ? { screen } : {}) }
  }

  async putDisk({ group, name }: InGroup, disk: Disk, waiting: CallWaiting): Promise<Disk> {
    return await change(`creating the disk ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.disks.createOrUpdate(group, name, disk, options),
    )
  }

  async deleteDisk({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the disk ${name}`, waiting, this.#on, (options) =>
        this.#on.compute.disks.delete(group, name, options),
      ),
    )
  }

  /** Address by which a disk can be written, for some time. */
  async openForUpload({ group, name }: InGroup, seconds: number, waiting: CallWaiting): Promise<string> {
    const grant = { access: 'Write', durationInSeconds: seconds }
    const given = await change(`opening the disk ${name} for an upload`, waiting, this.#on, (options) =>
      this.#on.compute.disks.grantAccess(group, name, grant, options),
    )
    return given.accessSAS ?? ''
  }

  async closeUpload({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await change(`closing the disk ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.disks.revokeAccess(group, name, options),
    )
  }

  async putSnapshot({ group, name }: InGroup, snapshot: Snapshot, waiting: CallWaiting): Promise<string> {
    const made = await change(`creating the snapshot ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.snapshots.createOrUpdate(group, name, snapshot, options),
    )
    return made.id ?? ''
  }

  async deleteSnapshot({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the snapshot ${name}`, waiting, this.#on, (options) =>
        this.#on.compute.snapshots.delete(group, name, options),
      ),
    )
  }

  async putImage({ group, name }: InGroup, image: Image, waiting: CallWaiting): Promise<Image> {
    return await change(`creating the image ${name}`, waiting, this.#on, (options) =>
      this.#on.compute.images.createOrUpdate(group, name, image, options),
    )
  }

  async image({ group, name }: InGroup, waiting: CallWaiting): Promise<Image | undefined> {
    return await ifThere(`reading the image ${name}`, waiting, (options) =>
      this.#on.compute.images.get(group, name, options),
    )
  }

  async deleteImage({ group, name }: InGroup, waiting: CallWaiting): Promise<void> {
    await forgiving(() =>
      change(`deleting the image ${name}`, waiting, this.#on, (options) =>
        this.#on.compute.images.delete(group, name, options),
      ),
    )
  }

  /** Versions of an image of the marketplace, newest first. */
  async marketVersions(
    of: { location: string; publisher: string; offer: string; sku: string },
    waiting: CallWaiting,
  ): Promise<string[]> {
    const what = `listing ${of.publisher}:${of.offer}:${of.sku}`
    const found = await ifThere(what, waiting, (options) =>
      this.#on.compute.virtualMachineImages.list(of.location, of.publisher, of.offer, of.sku, {
        top: 1,
        orderby: 'name desc',
        ...options,
      }),
    )
    return (found ?? []).map(({ name }) => name)
  }

  async marketImage(
    of: { location: string; publisher: string; offer: string; sku: string; version: string },
    waiting: CallWaiting,
  ): Promise<VirtualMachineImage | undefined> {
    const { location, publisher, offer, sku, version } = of
    return await ifThere(`reading ${publisher}:${offer}:${sku}:${version}`, waiting, (options) =>
      this.#on.compute.virtualMachineImages.get(location, publisher, offer, sku, version, options),
    )
  }

  /** Sizes of machines in a location, with what they can do. */
  async sizes(location: string, waiting: CallWaiting): Promise<ResourceSku[]> {
    const filter = `location eq '${location}'`
    const found = await call(`listing the sizes in ${location}`, waiting, (options) =>
      all(this.#on.compute.resourceSkus.list({ filter, ...options })),
    )
    return found.filter(({ resourceType }) => resourceType === 'virtualMachines')
  }

  /** What of the quotas of a location is used. */
  async usage(location: string, waiting: CallWaiting): Promise<Usage[]> {
    return await call(`reading the quotas of ${location}`, waiting, (options) =>
      all(this.#on.compute.usage.list(location, options)),
    )
  }
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of pages) found.push(one)
  return found
}
