import type { CloudName } from '../imds/cloud.ts'
import type { DocumentChange } from '../imds/document.ts'
import type { Nic } from '../imds/document.ts'

/** A machine as a simulated cloud orders it: nothing is in it that did not come over the API. */
export interface MachineSpec {
  /** The cloud's own id of the machine, or a name that no other machine of the simulator has. */
  id: string
  cloud: CloudName
  /** What is booted, in words of the back end: a name its `--image` gave, or what `capture` or `importDisk` returned. */
  image: string
  /** What the metadata service tells: ids, type, region, zone, tags, keys, user-data. */
  document: DocumentChange
  /** Empty disks in GiB, from the first boot on. */
  disks?: readonly number[]
  /** Network cards. Default 1. */
  nics?: number
  /** The first card has an IPv6 address too. */
  ipv6?: boolean
}

export type PowerState = 'running' | 'stopped' | 'gone'

/**
 * What stands behind a simulated API: something that boots what was ordered. Calls about unknown machines reject with
 * `PlatformError('not-found')`, but `destroy`, `forget` and `removeDevice`, where what is gone is fine.
 */
export interface Backend extends AsyncDisposable {
  readonly name: string
  /** Longest that a guest which reboots may be seen as stopped, milliseconds. */
  readonly rebootMs: number
  /** Resolves when the machine runs; its boot goes on. @throws PlatformError */
  launch(spec: MachineSpec): Promise<void>
  /** Tells that the machine went down by itself, too. */
  state(id: string): Promise<PowerState>
  start(id: string): Promise<void>
  stop(id: string, options?: { force?: boolean }): Promise<void>
  reboot(id: string): Promise<void>
  destroy(id: string): Promise<void>
  /** Everything the console has shown. */
  console(id: string): Promise<string>
  /** Network cards with the addresses at which this host reaches the machine. */
  nics(id: string): Promise<readonly Nic[]>
  /** The metadata service tells something else from now on: tags, keys, user-data of a stopped machine. */
  tell(id: string, change: DocumentChange): Promise<void>
  /** What the guest left at its metadata service, by name: guest attributes, health reports. */
  left(id: string): Promise<Readonly<Record<string, string>>>
  /** Makes an image of the disk of a machine; it outlives the machine. Returns what `MachineSpec.image` takes. */
  capture(id: string): Promise<string>
  /** Makes an image of a raw disk in a file. @throws UnsupportedError */
  importDisk(file: string): Promise<string>
  /** Removes an image that `capture` or `importDisk` made. */
  forget(image: string): Promise<void>
  addDisk(id: string, sizeGiB: number): Promise<string>
  addNic(id: string): Promise<string>
  removeDevice(id: string, device: string): Promise<void>
}
