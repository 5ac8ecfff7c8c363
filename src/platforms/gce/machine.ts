import { randomUUID } from 'node:crypto'
import { CancelledError, PlatformError, TransportError } from '../../core/errors.ts'
import type { Address, Capability, Machine, MachineState } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { Asked } from '../asked.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { defaultUser, hostKeysIn, openCloudLine } from '../cloud-line.ts'
import type { CloudTarget } from '../cloud-line.ts'
import { ownerIn, ownerText, tokenOf } from '../cloud-names.ts'
import type { Instance, InZone } from './client-instances.ts'
import type { GceClient } from './client.ts'
import { SerialConsole } from './console.ts'
import { addDisk, addNic, removeDisk, removeNic } from './devices.ts'
import { manifest } from './manifest.ts'
import { labelsOf } from './marks.ts'
import type { Networks } from './network.ts'
import type { GceOptions } from './options.ts'
import { openTunnel } from './tunnel.ts'

type Waiting = Parameters<Machine['start']>[0]

const QUICK: CallWaiting = { deadlineMs: 60_000 }
const CHANGE: CallWaiting = { deadlineMs: 300_000 }

/** Life cycle: https://cloud.google.com/compute/docs/instances/instance-lifecycle */
const STATES: Readonly<Record<string, MachineState>> = {
  PENDING: 'starting',
  PROVISIONING: 'starting',
  STAGING: 'starting',
  REPAIRING: 'starting',
  RUNNING: 'running',
  PENDING_STOP: 'stopping',
  STOPPING: 'stopping',
  SUSPENDING: 'stopping',
  DEPROVISIONING: 'stopping',
  SUSPENDED: 'stopped',
  STOPPED: 'stopped',
  TERMINATED: 'stopped',
}

/** A machine in a zone; its id is `zone/name`. */
export class GceMachine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId: string | undefined
  readonly capabilities: ReadonlySet<Capability> = new Set(manifest.capabilities)
  readonly placement: string
  /** Only of machines with a display. */
  readonly screenshot?: () => Promise<Uint8Array>
  readonly #client: GceClient
  readonly #networks: Networks
  readonly #options: GceOptions
  readonly #at: InZone
  readonly #console: SerialConsole
  readonly #isSpot: boolean
  readonly #users: readonly string[]
  #hostKeys: string[] = []
  readonly #seen = new Asked(() => this.#client.instances.get(this.#at, QUICK))
  readonly #told = new Asked(() => this.#askHostKeys())
  /** Counts changes, so that each has a token of its own. */
  #changes = 0
  #stopped = false
  #deleted = false

  constructor(
    context: { client: GceClient; networks: Networks; options: GceOptions },
    at: InZone,
    instance: Instance,
    imageId?: string,
  ) {
    this.#client = context.client
    this.#networks = context.networks
    this.#options = context.options
    this.#at = at
    this.id = `${at.zone}/${at.name}`
    this.name = at.name
    this.imageId = imageId
    this.#console = new SerialConsole(this.#client, at)
    if (instance.displayDevice?.enableDisplay)
      this.screenshot = async () => await this.#client.instances.screenshot(at, QUICK)
    this.#isSpot = instance.scheduling?.provisioningModel === 'SPOT'
    const type = instance.machineType?.split('/').at(-1) ?? 'unknown type'
    this.placement = `${type} in ${at.zone}, ${this.#isSpot ? 'spot' : 'on demand'}`
    this.#users = usersOf(instance, context.options)
  }

  /** @throws PlatformError capacity for a spot machine that was taken away */
  async state(): Promise<MachineState> {
    const instance = await this.#seen.now()
    const state = instance ? (STATES[String(instance.status)] ?? 'error') : 'gone'
    const down = state === 'stopped' || state === 'gone'
    if (down && this.#isSpot && !this.#stopped && (await this.#client.instances.wasPreempted(this.#at, QUICK)))
      throw new PlatformError('capacity', `the spot machine ${this.name} was taken away by Compute Engine`, {
        hint: 'the next attempt is on demand; or set market: on-demand',
        cause: new Error('compute.instances.preempted'),
      })
    return state
  }

  async startMark(): Promise<string | undefined> {
    const instance = await this.#seen.now()
    return instance?.status === 'RUNNING' ? (instance.lastStartTimestamp ?? undefined) : undefined
  }

  async connect(options: Waiting & { via?: 'exec' | 'ssh'; identity?: SshIdentity }): Promise<Transport> {
    const { identity, deadlineMs, signal } = options
    const waiting = { deadlineMs, ...(signal ? { signal } : {}) }
    const instance = await this.#seen.now()
    const state = instance ? (STATES[String(instance.status)] ?? 'error') : 'gone'
    if (!instance || state !== 'running') {
      if (instance === undefined || state === 'stopped') await this.state()
      throw new TransportError('refused', `${this.name} is ${state}`)
    }
    return await openCloudLine(
      {
        name: this.name,
        at: this.#wayTo(instance),
        users: this.#users,
        hostKeys: async () => (await this.hostKeys()) ?? [],
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
  }

  #wayTo(instance: Instance): CloudTarget['at'] {
    if (this.#options.access === 'tunnel')
      return { dial: (within) => openTunnel(this.#client, this.#options, this.#at, within) }
    const host = addressesOf(instance).find(({ scope }) => scope === 'global')?.address
    return host === undefined ? undefined : { host, port: this.#options['ssh-port'] ?? 22 }
  }

  /** As the guest told them by its guest attributes, else as the console shows them. */
  async hostKeys(): Promise<string[]> {
    if (this.#hostKeys.length === 0) this.#hostKeys = await this.#told.now()
    return this.#hostKeys
  }

  async #askHostKeys(): Promise<string[]> {
    const told = await this.#client.instances.guestAttributes(this.#at, 'hostkeys', QUICK)
    const keys = [...told].map(([type, key]) => `${type} ${key.trim()}`)
    return keys.length > 0 ? keys : hostKeysIn(await this.consoleLog())
  }

  async addresses(): Promise<Address[]> {
    const instance = await this.#seen.now()
    return instance ? addressesOf(instance) : []
  }

  async start(options: Waiting): Promise<void> {
    this.#stopped = false
    await this.#client.instances.start(this.#at, this.#token('start'), options).finally(() => this.#seen.forget())
  }

  async stop(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    this.#stopped = true
    await this.#client.instances.stop(this.#at, this.#token('stop'), options).finally(() => this.#seen.forget())
  }

  /** With `force` as by the reset button; without, stops and starts, for there is no gentler call. The address may change then. */
  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    if (options.force) await this.#rememberConsole()
    if (options.force) return await this.#client.instances.reset(this.#at, this.#token('reset'), options)
    await this.stop(options)
    await this.start(options)
  }

  async consoleLog(): Promise<string> {
    return await this.#console.read(QUICK)
  }

  /** An image of the boot disk; the machine may run, its disk is taken as it is at that moment. */
  async snapshot(name: string, options: Waiting): Promise<{ id: string; name: string }> {
    const instance = await this.#client.instances.get(this.#at, options)
    const source = instance?.disks?.find(({ boot }) => boot)?.source
    if (!instance || !source) throw new PlatformError('not-found', `${this.name} has no boot disk`)
    const owner = ownerIn(instance.description)
    const image = imageName(this.name, name)
    const body = {
      name: image,
      sourceDisk: source,
      ...(owner ? { labels: { ...labelsOf(owner), 'harness-kind': 'snapshot' }, description: ownerText(owner) } : {}),
    }
    await this.#client.images.insert(body, randomUUID(), options).catch(async (error: unknown) => {
      if (error instanceof CancelledError) await this.#client.images.delete(image, CHANGE)
      throw error
    })
    return { id: `projects/${this.#client.project}/global/images/${image}`, name }
  }

  async deleteSnapshot(id: string): Promise<void> {
    await this.#client.images.delete(id.split('/').at(-1) ?? id, CHANGE)
  }

  async addNic(): Promise<{ id: string }> {
    return { id: await addNic(this.#client, this.#networks, this.#at, CHANGE).finally(() => this.#seen.forget()) }
  }

  async removeNic(id: string): Promise<void> {
    await removeNic(this.#client, this.#at, id, CHANGE).finally(() => this.#seen.forget())
  }

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    return { id: await addDisk(this.#client, this.#at, options.sizeGiB, CHANGE) }
  }

  async removeDisk(id: string): Promise<void> {
    await removeDisk(this.#client, this.#at, id, CHANGE)
  }

  /** Disks go with it. What its console showed last is kept. */
  async destroy(options: Partial<Waiting> = {}): Promise<void> {
    if (this.#deleted) return
    await this.#rememberConsole()
    this.#stopped = true
    await this.#client.instances.delete(this.#at, { ...CHANGE, ...options }).finally(() => this.#seen.forget())
    this.#deleted = true
  }

  /** A change must not fail because the console could not be read. */
  async #rememberConsole(): Promise<void> {
    await this.#console.read({ deadlineMs: 15_000 }).catch(() => undefined)
  }

  #token(action: string): string {
    return tokenOf(action, this.id, process.pid, performance.timeOrigin, this.#changes++)
  }
}

/** The name of an image made of a machine: at most 63 characters, and different for different machines. */
function imageName(machine: string, name: string): string {
  return `${machine.slice(0, 44)}-${name.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 10)}-${tokenOf(machine, name).slice(0, 6)}`
}

/** IPv6 first where the machine was given one, for it was asked for; then what the world reaches, then what the network reaches. */
export function addressesOf(instance: Instance): Address[] {
  const cards = instance.networkInterfaces ?? []
  return cards.flatMap((card): Address[] => {
    const nic = card.name ?? 'nic0'
    const six = (card.ipv6AccessConfigs ?? []).flatMap(({ externalIpv6 }) => externalIpv6 ?? [])
    const outside = (card.accessConfigs ?? []).flatMap(({ natIP }) => natIP ?? [])
    const inside = card.networkIP ? [card.networkIP] : []
    return [
      ...six.map((address): Address => ({ family: 'ipv6', address, scope: 'global', nic })),
      ...[...outside, ...inside].map((address): Address => ({ family: 'ipv4', address, scope: 'global', nic })),
    ]
  })
}

/** The user whose key the machine was given, else the default user of what its image seems to be. */
function usersOf(instance: Instance, options: GceOptions): string[] {
  const keys = instance.metadata?.items?.find(({ key }) => key === 'ssh-keys')?.value ?? ''
  const given = keys.split('\n').map((line) => line.split(':')[0] ?? '')
  return [
    ...new Set([options.user, ...given, defaultUser('debian')].filter((user) => user !== undefined && user !== '')),
  ].filter((user) => user !== undefined)
}
