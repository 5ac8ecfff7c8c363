import { randomBytes } from 'node:crypto'
import { TransportError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { Address, Capability, Machine, MachineState } from '../../instance/machine.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { findAnswer } from './answers.ts'
import type { FakeCloud, Faults, Record } from './client.ts'
import { Directory } from './directory.ts'
import { codeOf, FakeProviderError, mapped } from './errors.ts'
import { manifest } from './manifest.ts'
import type { Settings } from './options.ts'
import { FakeTransport } from './transport.ts'

/** A fake machine as the rest of the harness sees it. */
export class FakeMachine implements Machine {
  readonly platform = manifest.name
  readonly capabilities: ReadonlySet<Capability> = new Set(manifest.capabilities)
  readonly id: string
  readonly name: string
  readonly imageId: string
  readonly #record: Record
  readonly #cloud: FakeCloud
  readonly #settings: Settings
  readonly #faults: Faults

  constructor(record: Record, cloud: FakeCloud, settings: Settings, faults: Faults) {
    this.id = record.id
    this.name = record.name
    this.imageId = record.image
    this.#record = record
    this.#cloud = cloud
    this.#settings = settings
    this.#faults = faults
  }

  async state(): Promise<MachineState> {
    if (!this.#cloud.machines.has(this.id)) return 'gone'
    return this.#record.guest.isOn ? 'running' : 'stopped'
  }

  async connect(): Promise<Transport> {
    if (!this.#cloud.machines.has(this.id)) throw new TransportError('protocol', `${this.name} is gone`)
    if (!this.#record.guest.answers) throw new TransportError('refused', `${this.name} does not answer yet`)
    this.#record.guest.tick()
    return new FakeTransport(this.#record.guest, {
      fault: (command) => this.#faults.exec(this.name, command),
      answer: (command) => findAnswer(this.#settings.answers, command),
    })
  }

  async hostKeys(): Promise<string[]> {
    const line = this.#record.guest.files.read('/etc/ssh/ssh_host_ed25519_key.pub').toString()
    return [line.split(' ').slice(0, 2).join(' ')]
  }

  async addresses(): Promise<Address[]> {
    const { number } = this.#record
    return [
      { family: 'ipv4', address: `192.0.2.${number % 254}`, scope: 'global', nic: 'eth0' },
      { family: 'ipv6', address: `2001:db8::${number.toString(16)}`, scope: 'global', nic: 'eth0' },
    ]
  }

  async start(): Promise<void> {
    await this.#existing()
    if (!this.#record.guest.isOn) this.#record.guest.powerOn(this.#faults.boot(this.name))
  }

  async stop(): Promise<void> {
    await this.#existing()
    this.#record.guest.powerOff()
  }

  async restart(): Promise<void> {
    await mapped(() => this.#faults.provider('restart', this.name))
    await this.#existing()
    this.#record.guest.powerOn(this.#faults.boot(this.name))
  }

  async consoleLog(): Promise<string> {
    return this.#record.guest.console
  }

  async snapshot(name: string): Promise<{ id: string; name: string }> {
    return await mapped(() => {
      this.#faults.provider('snapshot', this.name)
      const made = this.#cloud.snapshot(this.#record, name)
      new Directory(this.#settings.directory).put({ kind: 'snapshot', id: made.id, owner: made.owner })
      return { id: made.id, name: made.name }
    })
  }

  async deleteSnapshot(id: string): Promise<void> {
    this.#cloud.snapshots.delete(id)
    new Directory(this.#settings.directory).delete(id)
  }

  async addNic(): Promise<{ id: string }> {
    return { id: add(this.#record.nics, 'nic') }
  }

  async removeNic(id: string): Promise<void> {
    this.#record.nics.delete(id)
  }

  async addDisk(): Promise<{ id: string }> {
    return { id: add(this.#record.disks, 'disk') }
  }

  async removeDisk(id: string): Promise<void> {
    this.#record.disks.delete(id)
  }

  async destroy(): Promise<void> {
    await mapped(() => this.#faults.provider('destroy', this.name))
    this.#record.guest.powerOff()
    await pause(this.#settings.destroyMs)
    this.#cloud.machines.delete(this.id)
    new Directory(this.#settings.directory).delete(this.id)
  }

  async #existing(): Promise<void> {
    await mapped(() => {
      if (!this.#cloud.machines.has(this.id)) throw new FakeProviderError(codeOf('not-found'), `${this.name} is gone`)
    })
  }
}

function add(set: Set<string>, prefix: string): string {
  const id = `${prefix}-${randomBytes(3).toString('hex')}`
  set.add(id)
  return id
}
