import { TransportError } from '../../core/errors.ts'
import type { DmiKey } from '../../imds/cloud.ts'
import { connectControl } from '../../imds/control.ts'
import type { ImdsControl } from '../../imds/control.ts'
import type { Address, Capability, Machine, MachineState, TerminalRequest } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import type { InstanceInfo, InstanceState } from './api.ts'
import type { LxdClient } from './client.ts'
import { CONTROL_KEY } from './cloud/control-key.ts'
import { DMI_FOLDER, OVERRIDES } from './cloud/guest-script.ts'
import { ConsoleMemory } from './console.ts'
import { lastErrors } from './start-log.ts'
import { destroyInstance } from './destroy.ts'
import { addDisk, addNic, removeDevice } from './devices.ts'
import { openExecTransport } from './exec-transport.ts'
import { readGuestFile, writeGuestFile } from './guest-files.ts'
import { sshKeyFiles } from './identity.ts'
import { manifest } from './manifest.ts'
import { instanceState, restartInstance, startInstance, stopInstance } from './power.ts'
import type { Waiting } from './power.ts'
import { createSnapshot, removeSnapshot } from './snapshots.ts'
import { openSshLine } from './ssh-line.ts'
import { openTerminal } from './terminal.ts'

/** An instance of LXD. Its id is its name, after `project:` outside the default project of the session. */
export class LxdMachine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId: string | undefined
  readonly capabilities: ReadonlySet<Capability>
  readonly imds: ImdsControl | undefined
  readonly overrides: readonly string[] | undefined
  readonly #client: LxdClient
  readonly #console: ConsoleMemory

  constructor(client: LxdClient, instance: InstanceInfo, id: string) {
    this.#client = client
    this.id = id
    this.name = instance.name
    this.imageId = instance.config['volatile.base_image']
    const own: Capability[] = instance.type === 'virtual-machine' ? ['own-kernel'] : []
    this.capabilities = new Set([...manifest.capabilities, ...own])
    const control = instance.config[CONTROL_KEY]
    this.imds = control ? connectControl(control) : undefined
    this.overrides = control ? OVERRIDES : undefined
    this.#console = new ConsoleMemory(client, instance.name)
  }

  async setFirmware(values: Partial<Record<DmiKey, string>>): Promise<void> {
    for (const [key, value] of Object.entries(values))
      await writeGuestFile(this.#client, this.name, Buffer.from(`${value}\n`), `${DMI_FOLDER}/${key}`, {
        deadlineMs: 10_000,
      })
  }

  async state(): Promise<MachineState> {
    return (await instanceState(this.#client, this.name)).state
  }

  /** The pid of its init. */
  async startMark(): Promise<string | undefined> {
    const { pid } = await instanceState(this.#client, this.name)
    return pid > 0 ? String(pid) : undefined
  }

  async connect(options: {
    deadlineMs: number
    signal?: AbortSignal
    via?: 'exec' | 'ssh'
    identity?: SshIdentity
  }): Promise<Transport> {
    const { via, identity, ...waiting } = options
    const state = await this.state()
    if (state !== 'running') throw new TransportError('refused', `${this.name} is ${state}`)
    const exec = await openExecTransport(this.#client, this.name, waiting)
    if (via !== 'ssh') return exec
    try {
      return await openSshLine(this, exec, identity, waiting)
    } finally {
      await exec.close()
    }
  }

  async hostKeys(): Promise<string[]> {
    const names = (await sshKeyFiles(this.#client, this.name)).filter((name) => name.endsWith('_key.pub'))
    const files = names.map((name) =>
      readGuestFile(this.#client, this.name, `/etc/ssh/${name}`, { deadlineMs: 10_000, maxBytes: 16_384 }),
    )
    const texts = (await Promise.all(files)).map((bytes) => Buffer.from(bytes).toString('utf8'))
    return texts.map((text) => text.trim().split(/\s+/).slice(0, 2).join(' ')).filter((line) => line.includes(' '))
  }

  async addresses(): Promise<Address[]> {
    const { network } = await this.#client.get<InstanceState>(`/1.0/instances/${this.name}/state`)
    return Object.entries(network ?? {}).flatMap(([nic, state]) =>
      state.addresses.flatMap(({ family, address, scope }): Address[] =>
        scope === 'local' ? [] : [{ family: family === 'inet' ? 'ipv4' : 'ipv6', address, scope, nic }],
      ),
    )
  }

  terminal(request: TerminalRequest): Promise<number> {
    return openTerminal(this.#client, this.name, request)
  }

  start(options: Waiting): Promise<void> {
    return startInstance(this.#client, this.name, options)
  }

  async stop(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    await stopInstance(this.#client, this.name, options)
  }

  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    await this.#rememberConsole()
    await restartInstance(this.#client, this.name, options)
  }

  async consoleLog(): Promise<string> {
    const shown = await this.#console.read()
    // A program that could not even be begun shows nothing; LXC may tell why a moment after the start has succeeded.
    return shown === '' ? await lastErrors(this.#client, this.name).catch(() => '') : shown
  }

  async snapshot(name: string, options: Waiting): Promise<{ id: string; name: string }> {
    await createSnapshot(this.#client, this.name, name, options)
    return { id: `${this.id}/${name}`, name }
  }

  deleteSnapshot(id: string): Promise<void> {
    return removeSnapshot(this.#client, id)
  }

  async addNic(options: { network?: string } = {}): Promise<{ id: string }> {
    return { id: await addNic(this.#client, this.name, options.network) }
  }

  removeNic(id: string): Promise<void> {
    return removeDevice(this.#client, this.name, id)
  }

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    return { id: await addDisk(this.#client, this.name, options.sizeGiB) }
  }

  removeDisk(id: string): Promise<void> {
    return removeDevice(this.#client, this.name, id)
  }

  destroy(options: Partial<Waiting> = {}): Promise<void> {
    return destroyInstance(this.#client, this.name, options)
  }

  /** A restart must not fail because the console could not be read. */
  async #rememberConsole(): Promise<void> {
    await this.#console.read().catch(() => undefined)
  }
}
