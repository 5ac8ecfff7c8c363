import { createHash, randomInt } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { DocumentChange, Nic } from '../../imds/document.ts'
import { Guest, imageFiles } from '../../platforms/fake/guest.ts'
import type { FileTree } from '../../platforms/fake/file-tree.ts'
import { readOptions } from '../../platforms/fake/options.ts'
import type { Backend, MachineSpec, PowerState } from '../backend.ts'
import { GuestServer } from './guest-server.ts'

interface Machine {
  spec: MachineSpec
  guest: Guest
  nics: Nic[]
  devices: Set<string>
  server: GuestServer | undefined
}

export interface MemoryOptions {
  /** From power-on until the guest answers, milliseconds. Default 20. */
  bootMs?: number
  /** From answering to the end of cloud-init, milliseconds. Default 20. */
  agentMs?: number
  /** Port of the SSH server that every machine has at a loopback address of its own. Default: none has one. */
  sshPort?: number
}

/** Guests in the memory of this process, with files, a small shell and, when asked for, SSH. For launches by the thousand. */
export class MemoryBackend implements Backend {
  readonly name = 'memory'
  readonly rebootMs: number = 0
  readonly #options: MemoryOptions
  readonly #machines = new Map<string, Machine>()
  readonly #images = new Map<string, FileTree>()
  #counter = 0
  /** Two simulators on one host must not share addresses. */
  readonly #network = `127.${randomInt(64, 250)}`

  constructor(options: MemoryOptions = {}) {
    this.#options = options
  }

  async launch(spec: MachineSpec): Promise<void> {
    const { bootMs = 20, agentMs = 20, sshPort } = this.#options
    const files = this.#images.get(spec.image)?.copy() ?? imageFiles(spec.image)
    const guest = new Guest(files, spec.document.hostname ?? spec.id, readOptions({ bootMs, agentMs }))
    const machine: Machine = { spec, guest, nics: [], devices: new Set(), server: undefined }
    for (let card = 0; card < Math.max(1, spec.nics ?? 1); card++) machine.nics.push(this.#card(spec, card))
    seed(guest, spec.document)
    const host = machine.nics[0]?.ipv4.address ?? ''
    if (sshPort !== undefined) machine.server = await GuestServer.listen(guest, { host, port: sshPort })
    this.#machines.set(spec.id, machine)
    guest.powerOn(undefined)
    guest.console += machine.server?.shown ?? ''
  }

  async state(id: string): Promise<PowerState> {
    const machine = this.#machines.get(id)
    if (!machine) return 'gone'
    return machine.guest.isOn ? 'running' : 'stopped'
  }

  async start(id: string): Promise<void> {
    const { guest, spec } = this.#of(id)
    seed(guest, spec.document)
    if (!guest.isOn) guest.powerOn(undefined)
  }

  async stop(id: string): Promise<void> {
    this.#of(id).guest.powerOff()
  }

  async reboot(id: string): Promise<void> {
    this.#of(id).guest.powerOn(undefined)
  }

  async destroy(id: string): Promise<void> {
    const machine = this.#machines.get(id)
    this.#machines.delete(id)
    machine?.guest.powerOff()
    await machine?.server?.close()
  }

  async console(id: string): Promise<string> {
    const { guest } = this.#of(id)
    if (guest.answers) guest.tick()
    return guest.console
  }

  async nics(id: string): Promise<readonly Nic[]> {
    return this.#of(id).nics
  }

  async tell(id: string, change: DocumentChange): Promise<void> {
    const machine = this.#of(id)
    machine.spec = { ...machine.spec, document: { ...machine.spec.document, ...change } }
  }

  async left(id: string): Promise<Readonly<Record<string, string>>> {
    this.#of(id)
    return {}
  }

  async capture(id: string): Promise<string> {
    const name = `memory-image-${++this.#counter}`
    this.#images.set(name, this.#of(id).guest.files.copy())
    return name
  }

  async importDisk(file: string): Promise<string> {
    const name = `memory-image-${++this.#counter}`
    const files = imageFiles('debian-13')
    files.write('/etc/imported-from', `${file}\n`)
    this.#images.set(name, files)
    return name
  }

  async forget(image: string): Promise<void> {
    this.#images.delete(image)
  }

  async addDisk(id: string): Promise<string> {
    return this.#add(id, 'disk')
  }

  async addNic(id: string): Promise<string> {
    const { spec, nics } = this.#of(id)
    const nic = this.#card(spec, nics.length)
    nics.push(nic)
    return nic.mac
  }

  async removeDevice(id: string, device: string): Promise<void> {
    const machine = this.#machines.get(id)
    if (!machine) return
    machine.devices.delete(device)
    machine.nics = machine.nics.filter((nic) => nic.mac !== device)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#machines.keys()].map((id) => this.destroy(id)))
  }

  #add(id: string, prefix: string): string {
    const device = `${prefix}-${++this.#counter}`
    this.#of(id).devices.add(device)
    return device
  }

  #of(id: string): Machine {
    const machine = this.#machines.get(id)
    if (!machine) throw new PlatformError('not-found', `there is no machine ${id}`)
    return machine
  }

  #card(spec: MachineSpec, index: number): Nic {
    const number = ++this.#counter
    const hex = createHash('sha256').update(`${spec.id} ${index}`).digest('hex')
    const network = `${this.#network}.${Math.floor(number / 250) % 250}`
    return {
      mac: `02:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}`,
      ipv4: { address: `${network}.${(number % 250) + 2}`, prefix: 24, gateway: `${network}.1` },
      ...(spec.ipv6 && index === 0
        ? { ipv6: { addresses: [`fd00:${hex.slice(0, 4)}::${number.toString(16)}`], prefix: 64 } }
        : {}),
    }
  }
}

/** What cloud-init would have fetched from the metadata service. */
function seed({ files }: Guest, { userData, userDataBase64, sshKeys = [] }: DocumentChange): void {
  files.makeFolder('/var/lib/cloud/seed', { parents: true })
  if (userData !== undefined)
    files.write('/var/lib/cloud/seed/user-data', Buffer.from(userData, userDataBase64 ? 'base64' : 'utf8'))
  files.makeFolder('/root/.ssh', { parents: true, mode: 0o700 })
  files.write('/root/.ssh/authorized_keys', sshKeys.map((key) => `${key}\n`).join(''), { mode: 0o600 })
}
