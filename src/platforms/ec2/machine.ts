import { createConnection } from 'node:net'
import { TransportError } from '../../core/errors.ts'
import type { Address, Capability, Machine, MachineState } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { Asked } from '../asked.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { hostKeysIn, openCloudLine } from '../cloud-line.ts'
import type { CloudTarget } from '../cloud-line.ts'
import type { Instance } from './client.ts'
import type { ConnectEndpoints } from './client-tunnel.ts'
import { Ec2Console } from './console.ts'
import { addDisk, addNic, removeDisk, removeNic } from './devices.ts'
import { endedError } from './errors.ts'
import { terminate } from './launch.ts'
import { manifest } from './manifest.ts'
import type { Ec2Options } from './options.ts'
import { rebootInstance, startInstance, stopInstance } from './power.ts'
import type { Place } from './power.ts'
import { armExpiry } from '../guest-expiry.ts'
import { createImage, removeImage } from './snapshots.ts'
import { ownerIn } from './tags.ts'

type Waiting = Parameters<Machine['start']>[0]

const CHANGE: CallWaiting = { deadlineMs: 300_000 }

/** Life cycle: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
const STATES: Readonly<Record<string, MachineState>> = {
  pending: 'starting',
  running: 'running',
  stopping: 'stopping',
  stopped: 'stopped',
  'shutting-down': 'stopping',
  terminated: 'gone',
}

/** An instance of EC2. Its id is that of EC2, with `region:` before it outside the region of the session. */
export class Ec2Machine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId: string | undefined
  readonly capabilities: ReadonlySet<Capability> = new Set(manifest.capabilities)
  /** What it really is and where, as far as capacity allowed what was wanted. */
  readonly placement: string
  readonly #place: Place
  readonly #options: Ec2Options
  readonly #console: Ec2Console
  readonly #users: readonly string[]
  readonly #tags: Instance['Tags']
  readonly #address: 'public' | 'private' | 'ipv6'
  readonly #tunnels: ConnectEndpoints
  #hostKeys: string[] = []
  readonly #told = new Asked(async () => hostKeysIn(await this.#console.read({ deadlineMs: 60_000 })))
  #destroyed = false
  /** Start mark of the boot in which the guest's timer is known to run. */
  #armed: string | undefined

  constructor(
    place: Place,
    about: {
      id: string
      options: Ec2Options
      users: readonly string[]
      address: 'public' | 'private' | 'ipv6'
      tunnels: ConnectEndpoints
    },
    instance: Instance,
  ) {
    this.#place = place
    this.#options = about.options
    this.#users = about.users
    this.#address = about.address
    this.#tunnels = about.tunnels
    this.id = about.id
    this.name = instance.Tags?.find(({ Key }) => Key === 'Name')?.Value ?? place.id
    this.imageId = instance.ImageId
    this.#tags = instance.Tags
    this.#console = new Ec2Console(place.client, place.id)
    const market = instance.InstanceLifecycle === 'spot' ? 'spot' : 'on demand'
    this.placement = `${instance.InstanceType} in ${instance.Placement?.AvailabilityZone}, ${market}`
  }

  /** @throws PlatformError capacity for a spot machine that was taken away */
  async state(): Promise<MachineState> {
    const instance = await this.#place.watch.of(this.#place.id)
    this.#complainWhenTakenAway(instance)
    return instance ? (STATES[instance.State?.Name ?? ''] ?? 'error') : 'gone'
  }

  async connect(options: Waiting & { via?: 'exec' | 'ssh'; identity?: SshIdentity }): Promise<Transport> {
    const { identity, deadlineMs, signal } = options
    const waiting = { deadlineMs, ...(signal ? { signal } : {}) }
    const instance = await this.#place.watch.of(this.#place.id)
    this.#complainWhenTakenAway(instance)
    const state = instance ? (STATES[instance.State?.Name ?? ''] ?? 'error') : 'gone'
    if (!instance || state !== 'running') throw new TransportError('refused', `${this.name} is ${state}`)
    const line = await openCloudLine(
      {
        name: this.name,
        at: await this.#wayTo(instance, waiting),
        users: this.#users,
        hostKeys: () => this.hostKeys(),
      },
      identity,
      waiting,
    ).catch((error: unknown) => {
      // A guest may make new keys when it boots; they are asked for again.
      if (error instanceof TransportError && error.reason === 'host-key') {
        this.#hostKeys = []
        this.#told.note(Promise.resolve([]))
      }
      throw error
    })
    await this.#arm(line, waiting)
    return line
  }

  async #wayTo(instance: Instance, waiting: CallWaiting): Promise<CloudTarget['at']> {
    const port = this.#options['ssh-port'] ?? 22
    if (this.#options.access === 'tunnel') return { dial: (within) => this.#tunnels.dial(instance, port, within) }
    const host = hostOf(instance, this.#address)
    // A guest that is not up yet is noticed without a call of the API.
    if (host !== undefined) await knock(host, port, waiting)
    return host === undefined ? undefined : { host, port }
  }

  /** As the console shows them. */
  async hostKeys(): Promise<string[]> {
    if (this.#hostKeys.length === 0) this.#hostKeys = await this.#told.now()
    return this.#hostKeys
  }

  async addresses(): Promise<Address[]> {
    const instance = await this.#place.watch.of(this.#place.id)
    return instance ? addressesOf(instance, this.#address) : []
  }

  async start(options: Waiting): Promise<void> {
    await startInstance(this.#place, options)
  }

  async stop(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    await stopInstance(this.#place, options.force ?? false, options)
  }

  /** With `force` stops and starts, for EC2 has no reset of its own. */
  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    if (!options.force) return await rebootInstance(this.#place, options)
    await stopInstance(this.#place, true, options)
    await startInstance(this.#place, options)
  }

  async consoleLog(): Promise<string> {
    return await this.#console.read({ deadlineMs: 60_000 })
  }

  /** A picture of the screen, JPEG. Not on bare metal, and not once the machine has stopped. */
  async screenshot(): Promise<Uint8Array> {
    const { client, id } = this.#place
    const { ImageData = '' } = await client.call(`taking a picture of ${id}`, { deadlineMs: 60_000 }, (ec2, options) =>
      ec2.getConsoleScreenshot({ InstanceId: id }, options),
    )
    return Buffer.from(ImageData, 'base64')
  }

  /** An image of its disks; the machine goes on, its disks are taken as they are at that moment. */
  async snapshot(name: string, options: Waiting): Promise<{ id: string; name: string }> {
    const [user] = this.#users
    const about = user === undefined ? [] : [{ Key: 'harness:user', Value: user }]
    return { id: await createImage(this.#place, name, about, options), name }
  }

  async deleteSnapshot(id: string): Promise<void> {
    await removeImage(this.#place.client, id, CHANGE)
  }

  async addNic(): Promise<{ id: string }> {
    return { id: await addNic(this.#place, CHANGE) }
  }

  async removeNic(id: string): Promise<void> {
    await removeNic(this.#place, id, CHANGE)
  }

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    return { id: await addDisk(this.#place, options.sizeGiB, CHANGE) }
  }

  async removeDisk(id: string): Promise<void> {
    await removeDisk(this.#place, id, CHANGE)
  }

  /** Its disks and cards go with it. What its console showed last is kept. */
  async destroy(options: Partial<Waiting> = {}): Promise<void> {
    if (!this.#destroyed) await this.#rememberConsole()
    this.#destroyed = true
    await terminate(this.#place, this.#place.id, { ...CHANGE, ...options })
  }

  #complainWhenTakenAway(instance: Instance | undefined): void {
    const reason = instance?.StateReason
    if (!this.#destroyed && /^Server\./.test(reason?.Code ?? '') && instance?.State?.Name !== 'running')
      throw endedError(reason, this.name)
  }

  /** A change must not fail because the console could not be read. */
  async #rememberConsole(): Promise<void> {
    await this.#console.read({ deadlineMs: 15_000 }).catch(() => undefined)
  }

  /** User-data of a test are sent as they are; then the timer is set here. */
  async #arm(line: Transport, waiting: CallWaiting): Promise<void> {
    const owner = ownerIn(this.#tags)
    if (!owner?.expires || this.#options['self-destruct'] === false) return
    this.#armed = await armExpiry(line, owner, this.#armed, waiting)
  }
}

/** Resolves when somebody listens there. @throws TransportError refused, which is retryable */
function knock(host: string, port: number, { deadlineMs, signal }: CallWaiting): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    const end = (error?: Error) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      socket.destroy()
      if (error) reject(new TransportError('refused', `${host} does not answer: ${error.message}`, { cause: error }))
      else resolve()
    }
    const cancel = () => end(new Error('cancelled'))
    const timer = setTimeout(() => end(new Error('no answer')), Math.min(5000, deadlineMs))
    signal?.addEventListener('abort', cancel, { once: true })
    socket.on('error', end)
    socket.on('connect', () => end())
  })
}

function hostOf(instance: Instance, address: 'public' | 'private' | 'ipv6'): string | undefined {
  if (address === 'ipv6')
    return instance.Ipv6Address ?? instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address
  const found = address === 'public' ? instance.PublicIpAddress : instance.PrivateIpAddress
  return found === '' ? undefined : found
}

/** The one that is used to reach it first. */
export function addressesOf(instance: Instance, first: 'public' | 'private' | 'ipv6'): Address[] {
  const cards = instance.NetworkInterfaces ?? []
  const v4 = [instance.PublicIpAddress, ...cards.map(({ PrivateIpAddress }) => PrivateIpAddress)]
  const v6 = cards.flatMap(({ Ipv6Addresses = [] }) => Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address))
  const all = [
    ...(first === 'private' ? v4.slice(1) : v4).map((address) => ({ family: 'ipv4' as const, address })),
    ...v6.map((address) => ({ family: 'ipv6' as const, address })),
  ]
  const known = all.flatMap(({ family, address }): Address[] => (address ? [{ family, address, scope: 'global' }] : []))
  return first === 'ipv6' ? known.toReversed() : known
}
