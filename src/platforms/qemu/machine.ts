import { TransportError, UnsupportedError } from '../../core/errors.ts'
import type { Address, Capability, Machine, MachineState, TerminalRequest } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { connectControl } from '../../imds/control.ts'
import type { ImdsControl } from '../../imds/control.ts'
import { stopGuestService } from '../guest-service.ts'
import { paceOf } from './accelerator.ts'
import { OVERRIDES, serviceName } from './cloud/prepare-guest.ts'
import type { CloudRecord } from './cloud/prepare-guest.ts'
import { readConsole } from './console.ts'
import { destroyMachine } from './destroy.ts'
import { addDisk, addNic, removeDisk, removeNic } from './devices.ts'
import { manifest } from './manifest.ts'
import { machineState, restartMachine, startMachine, stopMachine } from './power.ts'
import type { Place } from './power.ts'
import { isRunning } from './process.ts'
import { userNetwork } from './network.ts'
import { readRecord, writeRecord } from './record.ts'
import type { MachineRecord } from './record.ts'
import { removeSnapshot, takeSnapshot } from './snapshots.ts'
import { openSshLine } from './ssh-line.ts'
import type { SshMemory } from './ssh-line.ts'

type Waiting = Parameters<Machine['start']>[0]

const LOGIN_MS = 60_000

/** A process of QEMU and its folder. Its id is its name. */
export class QemuMachine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId: string
  readonly pace: number
  readonly capabilities: ReadonlySet<Capability> = new Set(manifest.capabilities)
  readonly imds: ImdsControl | undefined
  readonly overrides: readonly string[] | undefined
  readonly #root: string
  readonly #place: Place
  readonly #user: string | undefined
  /** Holds for one process only: the next one has another port, and maybe another host key. */
  #ssh: { process: string; memory: SshMemory } = { process: '', memory: {} }
  /** What was shown until it was destroyed. */
  #lastConsole = ''

  private constructor(root: string, place: Place, record: MachineRecord, user: string | undefined) {
    this.#root = root
    this.#place = place
    this.#user = user
    this.id = place.name
    this.name = place.name
    this.imageId = record.image
    this.pace = paceOf(record.accelerator)
    this.imds = record.cloud && connectControl(record.cloud.control)
    this.overrides = record.cloud && OVERRIDES
  }

  static async open(root: string, place: Place, user: string | undefined): Promise<QemuMachine> {
    return new QemuMachine(root, place, await readRecord(place.dir, place.name), user)
  }

  async setFirmware(values: CloudRecord['dmi']): Promise<void> {
    const { dir, name } = this.#place
    const record = await readRecord(dir, name)
    if (record.cloud) await writeRecord(dir, { ...record, cloud: { ...record.cloud, dmi: values } })
  }

  async state(): Promise<MachineState> {
    return await machineState(this.#place)
  }

  async connect(options: Waiting & { via?: 'exec' | 'ssh'; identity?: SshIdentity }): Promise<Transport> {
    const { identity, deadlineMs, signal } = options
    const { dir, name } = this.#place
    const record = await readRecord(dir, name).catch(() => undefined)
    if (!record || !isRunning(record)) throw new TransportError('refused', `${name} is ${record ? 'stopped' : 'gone'}`)
    const process = `${record.process?.pid} ${record.process?.startTicks}`
    if (this.#ssh.process !== process) {
      const { user } = this.#ssh.memory
      this.#ssh = { process, memory: user === undefined ? {} : { user } }
    }
    const { sshKeys } = record
    return await openSshLine({ dir, name, user: this.#user, memory: this.#ssh.memory, sshKeys }, identity, {
      deadlineMs,
      signal,
    })
  }

  async addresses(): Promise<Address[]> {
    const record = await readRecord(this.#place.dir, this.name).catch(() => undefined)
    return record ? [{ family: 'ipv4', address: userNetwork(record).address, scope: 'global' }] : []
  }

  /** By the key that the machine was launched with, which is kept beside its disk after the first login. */
  async terminal(request: TerminalRequest): Promise<number> {
    const { signal } = request
    const line = await this.connect({ deadlineMs: LOGIN_MS, ...(signal ? { signal } : {}) })
    try {
      if (!line.terminal) throw new UnsupportedError(`${line.kind} carries no terminal`)
      return await line.terminal(line.user === 'root' ? 'exec $SHELL -l' : 'exec sudo -i', request)
    } finally {
      await line.close()
    }
  }

  async start(options: Waiting): Promise<void> {
    await startMachine(this.#place, options)
  }

  async stop(options: Waiting & { force?: boolean }): Promise<void> {
    await stopMachine(this.#place, options)
  }

  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    await restartMachine(this.#place, options)
  }

  async consoleLog(): Promise<string> {
    return (await readConsole(this.#place.dir)) || this.#lastConsole
  }

  async snapshot(name: string, options: Waiting & { memory?: boolean }): Promise<{ id: string; name: string }> {
    return { id: await takeSnapshot(this.#root, this.#place, name, options), name }
  }

  async deleteSnapshot(id: string): Promise<void> {
    await removeSnapshot(this.#root, id)
  }

  async addNic(): Promise<{ id: string }> {
    return { id: await addNic(this.#place) }
  }

  async removeNic(id: string): Promise<void> {
    await removeNic(this.#place, id)
  }

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    return { id: await addDisk(this.#place, options.sizeGiB) }
  }

  async removeDisk(id: string): Promise<void> {
    await removeDisk(this.#place, id)
  }

  async destroy(): Promise<void> {
    this.#lastConsole = (await readConsole(this.#place.dir).catch(() => '')) || this.#lastConsole
    await destroyMachine(this.#place)
    await stopGuestService(serviceName(this.name))
  }
}
