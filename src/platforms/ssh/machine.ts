import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { TransportError, UnsupportedError } from '../../core/errors.ts'
import type { Address, Capability, Machine, MachineState } from '../../instance/machine.ts'
import { parseHostKeys } from '../../instance/transport/ssh-target.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { connect } from './client.ts'
import { manifest } from './manifest.ts'
import type { Settings } from './options.ts'

type Waiting = Parameters<Machine['start']>[0]

/** A machine somebody else made: it is used and never destroyed. */
export class SshMachine implements Machine {
  readonly id: string
  readonly name: string
  readonly platform = manifest.name
  readonly imageId = undefined
  readonly capabilities: ReadonlySet<Capability>
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.id = `${settings.user}@${settings.host}:${settings.port}`
    this.name = settings.host
    this.capabilities = new Set(
      manifest.capabilities.filter((capability) => capability !== 'reboot' || settings.reboot),
    )
    this.#settings = settings
  }

  /** Running when it answers; a machine that does not answer may be in the middle of a boot. */
  async state(): Promise<MachineState> {
    try {
      const transport = await this.connect({ deadlineMs: 5000 })
      await transport.close()
      return 'running'
    } catch (error) {
      return error instanceof TransportError && error.retryable ? 'starting' : 'error'
    }
  }

  async connect(options: Waiting): Promise<Transport> {
    const { deadlineMs, signal } = options
    return await connect(this.#settings, { deadlineMs, ...(signal ? { signal } : {}) })
  }

  async hostKeys(): Promise<string[]> {
    return parseHostKeys(this.#settings.hostKeys).map((key) => `${key.type} ${key.base64}`)
  }

  async addresses(): Promise<Address[]> {
    const { host } = this.#settings
    const found = isIP(host) ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true })
    return found.map(({ address, family }) => ({ family: family === 6 ? 'ipv6' : 'ipv4', address, scope: 'global' }))
  }

  /** Reboots by the guest's own command, for there is no platform that could. */
  async restart(options: Waiting & { force?: boolean }): Promise<void> {
    const transport = await this.connect(options)
    try {
      await transport.exec({
        command: options.force ? 'reboot -f' : 'reboot',
        deadlineMs: Math.min(options.deadlineMs, 30_000),
      })
    } catch (error) {
      if (!(error instanceof TransportError && error.retryable)) throw error
    } finally {
      await transport.close()
    }
  }

  async destroy(): Promise<void> {
    // The machine belongs to somebody else.
  }

  async start(): Promise<never> {
    return await this.#unsupported('be started')
  }

  async stop(): Promise<never> {
    return await this.#unsupported('be stopped, because nothing could start it again')
  }

  async consoleLog(): Promise<never> {
    return await this.#unsupported('show a console')
  }

  async snapshot(): Promise<never> {
    return await this.#unsupported('be snapshotted')
  }

  async deleteSnapshot(): Promise<void> {}

  async addNic(): Promise<never> {
    return await this.#unsupported('get a network card')
  }

  async removeNic(): Promise<void> {}

  async addDisk(): Promise<never> {
    return await this.#unsupported('get a disk')
  }

  async removeDisk(): Promise<void> {}

  #unsupported(what: string): Promise<never> {
    return Promise.reject(new UnsupportedError(`a machine reached by SSH cannot ${what}`))
  }
}
