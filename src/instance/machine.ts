import type { DmiKey } from '../imds/cloud.ts'
import type { ImdsControl } from '../imds/control.ts'
import type { SshIdentity } from './ssh-keys.ts'
import type { Transport } from './transport/transport.ts'

/** What a platform or one of its machines can do. Declared in the manifest, never discovered by a crash. */
export type Capability =
  | 'exec-without-network'
  | 'ssh'
  | 'console'
  | 'reboot'
  | 'stop-start'
  | 'force-stop'
  | 'snapshot'
  /** A snapshot can have the memory too, and a launch can continue from it. */
  | 'warm-start'
  | 'user-data'
  | 'vendor-data'
  | 'network-config'
  | 'extra-disk'
  | 'extra-nic'
  | 'ipv6'
  | 'at-rest'
  | 'own-kernel'
  | 'image-import'
  | 'cloud-identity'

export interface Address {
  family: 'ipv4' | 'ipv6'
  address: string
  scope: 'global' | 'link'
  /** Name of the interface in the guest, where known. */
  nic?: string
}

export type MachineState = 'running' | 'stopped' | 'starting' | 'stopping' | 'error' | 'gone'

interface Waiting {
  /** Milliseconds. */
  deadlineMs: number
  signal?: AbortSignal
}

/** A person's terminal, for a prompt on a machine. */
export interface TerminalRequest {
  input: NodeJS.ReadableStream
  output: NodeJS.WritableStream
  /** Value of `TERM`. */
  term: string
  size(): { columns: number; rows: number }
  /** Calls back whenever the size changes, until disposed. */
  onResize(callback: () => void): Disposable
  signal?: AbortSignal
}

/** The platform's side of a VM or container. Written once per platform; authors of checks use `Instance`. */
export interface Machine {
  /** The platform's own id, good for `attach`. */
  readonly id: string
  readonly name: string
  readonly platform: string
  /** Fingerprint or id of the image it was made from, where known. */
  readonly imageId: string | undefined
  readonly capabilities: ReadonlySet<Capability>
  /** The metadata service it was launched with, when it was given the identity of a cloud. */
  readonly imds?: ImdsControl | undefined
  /** What the platform did to the guest that a real one would not have, in a few words each. */
  readonly overrides?: readonly string[] | undefined
  /** Changes what the firmware of the guest says from its next boot on. Only with the identity of a cloud. */
  setFirmware?(values: Partial<Record<DmiKey, string>>): Promise<void>
  /** What it really is and where, in a few words, on platforms that may choose: the type, the zone, how it is paid. */
  readonly placement?: string
  /** How many times longer than on usual hardware things take here; default deadlines are multiplied by it. Default 1. */
  readonly pace?: number
  state(): Promise<MachineState>
  /** Changes with every start of the machine, as the platform sees it; undefined while it is off. Where the platform can tell. */
  startMark?(): Promise<string | undefined>
  /** Opens a line to the running machine. Rejects with a retryable `TransportError` while it is not up yet. */
  connect(options: Waiting & { via?: 'exec' | 'ssh'; identity?: SshIdentity }): Promise<Transport>
  /** SSH host keys as `type base64` lines read through the platform (never from the network), or undefined where it cannot. */
  hostKeys?(): Promise<string[] | undefined>
  addresses(): Promise<Address[]>
  /** Root's login shell on a terminal, where the platform has such a line. Resolves with its exit code. */
  terminal?(request: TerminalRequest): Promise<number>
  start(options: Waiting): Promise<void>
  stop(options: Waiting & { force?: boolean }): Promise<void>
  /** Reboots through the platform. */
  restart(options: Waiting & { force?: boolean }): Promise<void>
  /** Everything the console has shown so far, as far as the platform keeps it. */
  consoleLog(): Promise<string>
  /** A picture of the screen now: JPEG, PNG or BMP. Where the platform can take one; rejects where this machine has no screen. */
  screenshot?(): Promise<Uint8Array>
  /** Makes an image-like thing that `launch({ image })` accepts; with `memory`, and capability `warm-start`, also `launch({ image, warm: true })`. */
  snapshot(name: string, options: Waiting & { memory?: boolean }): Promise<{ id: string; name: string }>
  deleteSnapshot(id: string): Promise<void>
  addNic(options?: { network?: string }): Promise<{ id: string }>
  removeNic(id: string): Promise<void>
  addDisk(options: { sizeGiB: number }): Promise<{ id: string }>
  removeDisk(id: string): Promise<void>
  /** Destroys the machine and everything made for it. Destroying twice is fine. @throws PlatformError */
  destroy(options?: Partial<Waiting>): Promise<void>
}
