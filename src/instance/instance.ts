import { toMs } from '../core/duration.ts'
import type { Duration } from '../core/duration.ts'
import { TransportError, UnsupportedError } from '../core/errors.ts'
import { Account } from './account.ts'
import { BOOT_ID_SCRIPT, waitForBoot, waitForCloudInit, waitUntilReachable, waitUntilReady } from './boot.ts'
import type { BootReport, BootState, Waiting } from './boot.ts'
import type { CloudInitStatus } from './cloud-init.ts'
import { readDistribution } from './distribution.ts'
import type { Distribution } from './distribution.ts'
import { Line } from './line.ts'
import type { Address, Capability, Machine, MachineState } from './machine.ts'
import { Packages } from './packages.ts'
import type { SshIdentity } from './ssh-keys.ts'

export interface WaitingOptions {
  /** For usual hardware; a machine that is emulated gets longer. Default `"5 minutes"`. */
  deadline?: Duration
  signal?: AbortSignal
}

/** A snapshot of an instance; its `id` is an image for `launch`. Disposing deletes it. */
export interface Snapshot extends AsyncDisposable {
  readonly id: string
  readonly name: string
  /** Deleting twice is fine. @throws CleanupError */
  delete(): Promise<void>
}

/** What a session does for its instances: the bookkeeping of what is created and destroyed. */
export interface Keeper {
  /** Destroys the machine and closes its ledger entry. @throws CleanupError */
  destroy(options: Waiting): Promise<void>
  snapshot(name: string | undefined, options: Waiting & { memory?: boolean }): Promise<Snapshot>
  /** Called by disposal: destroys what was launched, leaves alone what was attached. Never rejects. */
  dispose(): Promise<void>
}

/**
 * The machine under test, as the author of a check sees it. It is an account too: the login user's. `root` is the other one.
 * @example
 * await using instance = await session.launch({ image: 'debian-13' })
 * await instance.waitUntilReady()
 * const kernel = await instance.sh`uname -r`
 */
export class Instance extends Account implements AsyncDisposable {
  readonly id: string
  readonly name: string
  readonly platform: string
  readonly capabilities: ReadonlySet<Capability>
  readonly machine: Machine
  readonly imageId: string | undefined
  /** The same things as root, by sudo, doas or su as the machine has it. */
  readonly root: Account
  /** The machine's package manager, whichever it is. */
  readonly packages: Packages
  /** Told of every boot that is asked for through this object. */
  onBoot: (() => void) | undefined
  readonly #keeper: Keeper
  readonly #identity: SshIdentity | undefined
  #distribution: Promise<Distribution> | undefined

  constructor(machine: Machine, keeper: Keeper, identity?: SshIdentity) {
    const line = new Line((opening) => machine.connect({ ...opening, ...(identity ? { identity } : {}) }))
    super(line, 'login', machine.pace)
    this.root = new Account(line, 'root', machine.pace)
    this.packages = new Packages(this.root, async () => (await this.distribution()).packageManager)
    this.id = machine.id
    this.name = machine.name
    this.platform = machine.platform
    this.capabilities = machine.capabilities
    this.imageId = machine.imageId
    this.machine = machine
    this.#keeper = keeper
    this.#identity = identity
  }

  /**
   * Waits until the machine answers, has booted and the agent has finished. A bad cloud-init status is in the report, not an exception.
   * @throws BootError with the console's end when the console tells why it does not answer; WaitTimeoutError when it does not tell
   */
  async waitUntilReady(options: WaitingOptions & { notBootId?: string } = {}): Promise<BootReport> {
    return await waitUntilReady(this.machine, this, this.root, {
      ...waiting(options, this.machine.pace),
      ...notBoot(options),
    })
  }

  /** Waits until a command runs over the machine's usual line. Gives the boot id. */
  async waitUntilReachable(options: WaitingOptions & { notBootId?: string } = {}): Promise<string> {
    return await waitUntilReachable(this.machine, this, { ...waiting(options, this.machine.pace), ...notBoot(options) })
  }

  /** Waits until a command runs over SSH, whatever the usual line is. */
  async waitForSsh(options: WaitingOptions = {}): Promise<void> {
    await using ssh = this.ssh()
    await waitUntilReachable(this.machine, ssh, waiting(options, this.machine.pace))
  }

  /** Waits until the init system has finished starting. */
  async waitForBoot(options: WaitingOptions = {}): Promise<BootState> {
    return await waitForBoot(this.machine, this, waiting(options, this.machine.pace))
  }

  /** Waits until cloud-init has finished, with a deadline of ours, and gives its status and real exit code. */
  async waitForCloudInit(options: WaitingOptions = {}): Promise<CloudInitStatus> {
    return await waitForCloudInit(this.machine, this.root, waiting(options, this.machine.pace))
  }

  /**
   * Reboots and waits until the machine is ready in another boot than now.
   * `guest` (default) asks the system inside, `platform` the platform; `force` does not wait for services to stop.
   */
  async reboot(options: WaitingOptions & { via?: 'guest' | 'platform'; force?: boolean } = {}): Promise<BootReport> {
    this.require('reboot')
    const within = waiting(options, this.machine.pace)
    const notBootId = await this.bootId()
    if (options.via === 'platform') await this.machine.restart({ ...within, force: options.force ?? false })
    else await this.#rebootFromInside(options.force ?? false)
    this.onBoot?.()
    await this.line.drop()
    return await this.waitUntilReady({ ...options, notBootId })
  }

  async #rebootFromInside(force: boolean): Promise<void> {
    try {
      await this.root.run(force ? 'reboot -f' : 'reboot || shutdown -r now', { deadline: '30 seconds' })
    } catch (error) {
      // The machine may be gone before it can answer.
      if (!(error instanceof TransportError) || !(error.reason === 'lost' || error.reason === 'timeout')) throw error
    }
  }

  /** Starts a stopped machine and waits until it is ready. */
  async start(options: WaitingOptions = {}): Promise<BootReport> {
    this.require('stop-start')
    await this.line.drop()
    await this.machine.start(waiting(options, this.machine.pace))
    this.onBoot?.()
    return await this.waitUntilReady(options)
  }

  /** Shuts down and waits until the machine is off. `force` cuts the power. */
  async stop(options: WaitingOptions & { force?: boolean } = {}): Promise<void> {
    this.require(options.force ? 'force-stop' : 'stop-start')
    await this.machine.stop({ ...waiting(options, this.machine.pace), force: options.force ?? false })
    await this.line.drop()
  }

  /** Changes with every boot. */
  async bootId(): Promise<string> {
    return (await this.run(BOOT_ID_SCRIPT, { deadline: '30 seconds', check: true })).stdout.trim()
  }

  async state(): Promise<MachineState> {
    return await this.machine.state()
  }

  async addresses(): Promise<Address[]> {
    return await this.machine.addresses()
  }

  /** The first global IPv4 address, or undefined. */
  async ipv4(): Promise<string | undefined> {
    return await this.#firstAddress('ipv4')
  }

  /** The first global IPv6 address, or undefined. */
  async ipv6(): Promise<string | undefined> {
    return await this.#firstAddress('ipv6')
  }

  async #firstAddress(family: Address['family']): Promise<string | undefined> {
    const all = await this.machine.addresses()
    return all.find((address) => address.family === family && address.scope === 'global')?.address
  }

  /** SSH host keys as the platform sees them, or read over the machine's own trusted line. `type base64` lines. */
  async hostKeys(): Promise<string[]> {
    const known = await this.machine.hostKeys?.()
    if (known) return known
    const result = await this.run('cat /etc/ssh/ssh_host_*_key.pub', { check: true })
    return result.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').slice(0, 2).join(' '))
  }

  async consoleLog(): Promise<string> {
    this.require('console')
    return await this.machine.consoleLog()
  }

  /**
   * Makes a snapshot that `launch({ image: snapshot.id })` accepts. The state of the running system is taken as it is.
   * With `memory` also `launch({ image: snapshot.id, warm: true })`, which continues from this moment instead of booting.
   */
  async snapshot(name?: string, options: WaitingOptions & { memory?: boolean } = {}): Promise<Snapshot> {
    this.require('snapshot')
    if (options.memory) this.require('warm-start')
    // The disk of a machine with a kernel of its own lacks what that kernel has not written yet.
    // One that cannot be asked is taken as it is.
    if (this.capabilities.has('own-kernel') && (await this.state()) === 'running')
      await this.run('sync', { deadline: '30 seconds' }).catch(() => undefined)
    return await this.#keeper.snapshot(name, {
      ...waiting(options, this.machine.pace),
      ...(options.memory ? { memory: true } : {}),
    })
  }

  async addNic(options?: { network?: string }): Promise<{ id: string }> {
    this.require('extra-nic')
    return await this.machine.addNic(options)
  }

  async removeNic(id: string): Promise<void> {
    this.require('extra-nic')
    await this.machine.removeNic(id)
  }

  async addDisk(options: { sizeGiB: number }): Promise<{ id: string }> {
    this.require('extra-disk')
    return await this.machine.addDisk(options)
  }

  async removeDisk(id: string): Promise<void> {
    this.require('extra-disk')
    await this.machine.removeDisk(id)
  }

  /** A second line to the machine, over SSH. Disposing closes that line only. */
  ssh(): SshLine {
    this.require('ssh')
    const identity = this.#identity ? { identity: this.#identity } : {}
    return new SshLine(
      new Line((opening) => this.machine.connect({ ...opening, ...identity, via: 'ssh' })),
      this.machine.pace,
    )
  }

  /** Name, version, init and package manager, read once. */
  async distribution(): Promise<Distribution> {
    this.#distribution ??= readDistribution(this)
    try {
      return await this.#distribution
    } catch (error) {
      this.#distribution = undefined
      throw error
    }
  }

  /** @throws UnsupportedError when the platform does not have `capability` */
  require(capability: Capability): void {
    if (!this.capabilities.has(capability)) throw new UnsupportedError(`${this.platform} has no ${capability}`)
  }

  /** Destroys the machine and everything made for it. Destroying twice is fine. @throws CleanupError */
  async destroy(options: WaitingOptions = {}): Promise<void> {
    await this.line.drop()
    await this.#keeper.destroy(waiting(options, this.machine.pace))
  }

  /** Destroys what was launched, leaves alone what was attached. Never rejects: a failure goes to the ledger and the session's warnings. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.line.drop()
    await this.#keeper.dispose()
  }
}

/** The login account over a line of its own. */
export class SshLine extends Account implements AsyncDisposable {
  readonly root: Account

  constructor(line: Line, pace = 1) {
    super(line, 'login', pace)
    this.root = new Account(line, 'root', pace)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line.drop()
  }
}

function waiting(options: WaitingOptions, pace = 1): Waiting {
  const deadlineMs = pace * toMs(options.deadline ?? '5 minutes')
  return { deadlineMs, ...(options.signal ? { signal: options.signal } : {}) }
}

function notBoot(options: { notBootId?: string }): { notBootId?: string } {
  return options.notBootId === undefined ? {} : { notBootId: options.notBootId }
}
