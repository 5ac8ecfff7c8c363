import { PlatformError, TransportError, UnsupportedError } from '../../core/errors.ts'
import type { Address, Capability, Machine, MachineState } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { Asked } from '../asked.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { checkAccess } from '../cloud-access.ts'
import { hostKeysIn, openCloudLine } from '../cloud-line.ts'
import { armExpiry } from '../guest-expiry.ts'
import { addressesOf } from './addresses.ts'
import type { AzureClient, VirtualMachine } from './client.ts'
import { BootLog } from './console.ts'
import { addDisk, removeDisk } from './devices.ts'
import type { InGroup } from './ids.ts'
import { parseId } from './ids.ts'
import { manifest } from './manifest.ts'
import { ownerOf } from './marks.ts'
import type { AzureOptions } from './options.ts'
import { takeImage } from './snapshots.ts'

type Waiting = Parameters<Machine['start']>[0]

const QUICK: CallWaiting = { deadlineMs: 60_000 }
const CHANGE: CallWaiting = { deadlineMs: 600_000 }

/** https://learn.microsoft.com/en-us/azure/virtual-machines/states-billing */
const POWER: Readonly<Record<string, MachineState>> = {
  creating: 'starting',
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  deallocating: 'stopping',
  stopped: 'stopped',
  deallocated: 'stopped',
}

/** A machine in a resource group; its id is `group/name`. */
export class AzureMachine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId: string | undefined
  readonly capabilities: ReadonlySet<Capability> = new Set(manifest.capabilities)
  readonly placement: string
  readonly #client: AzureClient
  readonly #options: AzureOptions
  readonly #at: InGroup
  readonly #machine: VirtualMachine
  readonly #console: BootLog
  /** Static, so they are good until the machine is changed. */
  #addresses: Address[] = []
  #hostKeys: string[] = []
  readonly #view = new Asked(() => this.#client.instanceView(this.#at, QUICK))
  readonly #where = new Asked(() => this.#askAddresses())
  readonly #told = new Asked(async () => hostKeysIn(await this.consoleLog().catch(() => '')))
  /** Boot in which the guest's timer is known to run. */
  #armed: string | undefined
  #stopped = false
  #deleted = false

  constructor(client: AzureClient, options: AzureOptions, at: InGroup, machine: VirtualMachine, imageId?: string) {
    this.#client = client
    this.#options = options
    this.#at = at
    this.#machine = machine
    this.id = `${at.group}/${at.name}`
    this.name = at.name
    this.imageId = imageId
    this.#console = new BootLog(client, at)
    const zone = machine.zones?.[0] === undefined ? '' : `, zone ${machine.zones[0]}`
    const market = machine.priority === 'Spot' ? 'spot' : 'on demand'
    this.placement = `${machine.hardwareProfile?.vmSize ?? 'unknown size'} in ${machine.location}${zone}, ${market}`
  }

  /** @throws PlatformError capacity for a spot machine that was taken away */
  async state(): Promise<MachineState> {
    const view = await this.#view.now()
    if (!view) return 'gone'
    const codes = (view.statuses ?? []).flatMap(({ code }) => code ?? [])
    const power = codes.find((code) => code.startsWith('PowerState/'))?.slice('PowerState/'.length)
    const state = power === undefined ? 'starting' : (POWER[power] ?? 'error')
    if (power === 'deallocated' && this.#machine.priority === 'Spot' && !this.#stopped)
      throw new PlatformError('capacity', `the spot machine ${this.name} was taken away by Azure`, {
        hint: 'the next attempt is on demand; or set market: on-demand',
        cause: new Error('evicted'),
      })
    return state
  }

  async connect(options: Waiting & { via?: 'exec' | 'ssh'; identity?: SshIdentity }): Promise<Transport> {
    const { identity, deadlineMs, signal } = options
    const waiting = { deadlineMs, ...(signal ? { signal } : {}) }
    checkAccess(this.platform, this.#options.access, 'Azure Bastion')
    const state = await this.state()
    if (state !== 'running') throw new TransportError('refused', `${this.name} is ${state}`)
    const [first] = this.#addresses.length > 0 ? this.#addresses : await this.addresses()
    const user = this.#machine.osProfile?.adminUsername
    const line = await openCloudLine(
      {
        name: this.name,
        at: first === undefined ? undefined : { host: first.address, port: this.#options['ssh-port'] ?? 22 },
        users: [...new Set([this.#options.user, user].filter((one) => one !== undefined))],
        hostKeys: () => this.hostKeys(),
      },
      identity,
      waiting,
    ).catch((error: unknown) => {
      // A boot may bring other keys: they are asked for again.
      if (error instanceof TransportError) this.#hostKeys = []
      if (error instanceof TransportError && error.reason === 'host-key') this.#told.note(Promise.resolve([]))
      throw error
    })
    const owner = ownerOf(this.#machine.tags)
    if (owner && (this.#options['self-destruct'] ?? true))
      this.#armed = await armExpiry(line, owner, this.#armed, waiting)
    return line
  }

  /** As the console shows them: Azure has no other word of the guest's. */
  async hostKeys(): Promise<string[]> {
    if (this.#hostKeys.length === 0) this.#hostKeys = await this.#told.now()
    return this.#hostKeys
  }

  async addresses(): Promise<Address[]> {
    this.#addresses = await this.#where.now()
    return this.#addresses
  }

  async #askAddresses(): Promise<Address[]> {
    const machine = (await this.#client.machine(this.#at, QUICK)) ?? this.#machine
    return await addressesOf(this.#client, machine, QUICK)
  }

  /** Asks again: what was known is of before a change. */
  #changed(): void {
    this.#view.forget()
    this.#where.forget()
    this.#addresses = []
  }

  async start(options: Waiting): Promise<void> {
    this.#stopped = false
    await this.#client.startMachine(this.#at, options).finally(() => this.#changed())
  }

  /** Gives the hardware back; nothing is paid for it then but the disk. */
  async stop(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    this.#stopped = true
    if (options.force) await this.#client.powerOffMachine(this.#at, true, options)
    await this.#client.deallocateMachine(this.#at, options).finally(() => this.#changed())
  }

  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    if (!options.force) return await this.#client.restartMachine(this.#at, options).finally(() => this.#view.forget())
    await this.#client.powerOffMachine(this.#at, true, options)
    await this.#client.startMachine(this.#at, options).finally(() => this.#changed())
  }

  async consoleLog(): Promise<string> {
    return await this.#console.read(QUICK)
  }

  /** As it was some minutes ago at most. */
  async screenshot(): Promise<Uint8Array> {
    return await this.#console.screen(QUICK)
  }

  async snapshot(name: string, options: Waiting): Promise<{ id: string; name: string }> {
    return { id: await takeImage(this.#client, this.#at, name, options), name }
  }

  async deleteSnapshot(id: string): Promise<void> {
    const image = parseId(id)
    if (image) await this.#client.deleteImage(image, CHANGE)
  }

  async addNic(): Promise<never> {
    throw new UnsupportedError('Azure adds network cards only to machines that are off', {
      hint: 'ask for them at launch: nics',
    })
  }

  async removeNic(): Promise<void> {}

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    return { id: await addDisk(this.#client, this.#at, options.sizeGiB, CHANGE) }
  }

  async removeDisk(id: string): Promise<void> {
    await removeDisk(this.#client, this.#at, id, CHANGE)
  }

  /** Disks, cards and addresses go with it. What its console showed last is kept. */
  async destroy(options: Partial<Waiting> = {}): Promise<void> {
    if (this.#deleted) return
    await this.#rememberConsole()
    this.#stopped = true
    await this.#client.deleteMachine(this.#at, { ...CHANGE, ...options }).finally(() => this.#changed())
    this.#deleted = true
  }

  /** A change must not fail because the console could not be read. */
  async #rememberConsole(): Promise<void> {
    await this.#console.read({ deadlineMs: 15_000 }).catch(() => undefined)
  }
}
