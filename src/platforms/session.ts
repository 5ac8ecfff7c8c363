import { randomBytes } from 'node:crypto'
import { toMs } from '../core/duration.ts'
import type { Duration } from '../core/duration.ts'
import { CleanupError, HarnessError, UnsupportedError } from '../core/errors.ts'
import { Instance } from '../instance/instance.ts'
import type { Keeper, Snapshot } from '../instance/instance.ts'
import type { Waiting } from '../instance/boot.ts'
import type { Machine } from '../instance/machine.ts'
import type { SshIdentity } from '../instance/ssh-keys.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import type {
  ImageAtRest,
  LaunchRequest,
  Owner,
  PlatformImage,
  PlatformManifest,
  PlatformSession,
  Resource,
  ResourceKind,
} from './platform.ts'

/** What `launch` takes: the image, and whatever differs from the defaults. */
export interface LaunchOptions extends Omit<LaunchRequest, 'name' | 'owner' | 'deadlineMs'> {
  /** Default: random. A deterministic name lets a second attempt find what the first left. */
  name?: string
  /** Default: the session's. */
  owner?: Owner
  /** Until the platform has started the machine; booting is waited for by `waitUntilReady`. Default `"5 minutes"`. */
  deadline?: Duration
}

interface SessionOptions {
  ledger: Ledger | undefined
  onClose?: () => Promise<void>
  owner: Owner
  identity: SshIdentity
  onWarning: (error: HarnessError) => void
}

/** A signed-in platform. You dispose what you launch; disposing the session closes it and destroys nothing. */
export class Session implements AsyncDisposable {
  /** The platform's own interface, for callers inside the harness. */
  readonly driver: PlatformSession
  readonly manifest: PlatformManifest
  readonly owner: Owner
  /** The key pair that launched machines authorise. */
  readonly identity: SshIdentity
  readonly #ledger: Ledger | undefined
  readonly #onClose: () => Promise<void>
  readonly #warn: (error: HarnessError) => void
  /** Whose lines are open; a line that nobody closes would keep the process from ending. */
  readonly #instances = new Map<Machine, Instance>()

  constructor(driver: PlatformSession, options: SessionOptions) {
    this.driver = driver
    this.manifest = driver.manifest
    this.owner = options.owner
    this.identity = options.identity
    this.#ledger = options.ledger
    this.#onClose = options.onClose ?? (async () => {})
    this.#warn = options.onWarning
  }

  /**
   * Creates and starts a machine. The instance is yours: `await using` destroys it.
   * When it fails or is cancelled, what was made until then is removed before it rejects.
   * @throws PlatformError, ConfigError, CancelledError
   */
  async launch(options: LaunchOptions): Promise<Instance> {
    const { deadline, name, owner, sshKeys, ...rest } = options
    if (rest.warm && !this.manifest.capabilities.includes('warm-start'))
      throw new UnsupportedError(`${this.manifest.name} has no warm-start`)
    const request: LaunchRequest = {
      ...rest,
      name: name ?? `harness-${randomBytes(5).toString('hex')}`,
      owner: owner ?? this.owner,
      sshKeys: [this.identity.publicKey, ...(sshKeys ?? [])],
      deadlineMs: toMs(deadline ?? '5 minutes'),
    }
    const entry = await this.#intend('machine', request.name, request.owner)
    const machine = await this.#orForget(entry, 'machine', request.name, () => this.driver.launch(request))
    try {
      await entry?.created(machine.id)
    } catch (error) {
      await machine.destroy({ deadlineMs: CLEANUP_MS }).catch(() => undefined)
      throw error
    }
    return this.#instance(machine, this.#keeper(machine, entry, request.owner, true))
  }

  /** An instance that exists already. Disposing it closes the line and leaves the machine alone. */
  async attach(id: string): Promise<Instance> {
    const machine = await this.driver.attach(id)
    return this.#instance(machine, this.#keeper(machine, undefined, this.owner, false))
  }

  /** The machines of this session's run, or of all runs. */
  async list(options: { allRuns?: boolean } = {}): Promise<Resource[]> {
    const all = await this.driver.resources(options.allRuns ? {} : { runId: this.owner.runId })
    return all.filter((resource) => resource.kind === 'machine')
  }

  /** Finds an image by name, alias or id. @throws PlatformError not-found */
  async resolveImage(
    reference: string,
    options: { owner?: Owner; signal?: AbortSignal; onProgress?: (line: string) => void; architecture?: string } = {},
  ): Promise<PlatformImage> {
    return await this.driver.resolveImage(reference, { ...options, owner: options.owner ?? this.owner })
  }

  /** The root file system of an image on local disk, never booted. @throws UnsupportedError */
  async openImageAtRest(imageId: string, options: { signal?: AbortSignal } = {}): Promise<ImageAtRest> {
    if (!this.driver.openImageAtRest) throw new UnsupportedError(`${this.manifest.name} cannot open an image at rest`)
    return await this.driver.openImageAtRest(imageId, options)
  }

  /** Everything of ours on the platform; of one run when given. */
  async resources(filter: { runId?: string } = {}): Promise<Resource[]> {
    return await this.driver.resources(filter)
  }

  /** Removes one resource. Removing twice is fine. */
  async remove(resource: Pick<Resource, 'kind' | 'id'>): Promise<void> {
    await this.driver.remove(resource)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.line.drop()))
    this.#instances.clear()
    await this.driver.close()
    await this.#onClose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#quietly('the session', () => this.close())
  }

  #instance(machine: Machine, keeper: Keeper): Instance {
    const instance = new Instance(machine, keeper, this.identity)
    this.#instances.set(machine, instance)
    return instance
  }

  #keeper(machine: Machine, entry: LedgerEntry | undefined, owner: Owner, launched: boolean): Keeper {
    const destroy = async (options: Waiting) => {
      await cleanly(`the machine ${machine.name}`, () => machine.destroy(options))
      this.#instances.delete(machine)
      await entry?.destroyed()
    }
    return {
      destroy,
      snapshot: (name, options) => this.#snapshot(machine, name, owner, options),
      dispose: async () => {
        this.#instances.delete(machine)
        if (launched) await this.#quietly(`the machine ${machine.name}`, () => destroy({ deadlineMs: CLEANUP_MS }))
      },
    }
  }

  async #snapshot(
    machine: Machine,
    wanted: string | undefined,
    owner: Owner,
    options: Waiting & { memory?: boolean },
  ): Promise<Snapshot> {
    const name = wanted ?? `snapshot-${randomBytes(5).toString('hex')}`
    const entry = await this.#intend('snapshot', name, owner)
    const made = await this.#orForget(entry, 'snapshot', name, () => machine.snapshot(name, options))
    await entry?.created(made.id)
    const remove = async () => {
      await cleanly(`the snapshot ${made.name}`, () => this.driver.remove({ kind: 'snapshot', id: made.id }))
      await entry?.destroyed()
    }
    return {
      id: made.id,
      name: made.name,
      delete: remove,
      [Symbol.asyncDispose]: () => this.#quietly(`the snapshot ${made.name}`, remove),
    }
  }

  async #intend(kind: ResourceKind, name: string, owner: Owner): Promise<LedgerEntry | undefined> {
    return await this.#ledger?.intend({ platform: this.manifest.name, kind, name, owner })
  }

  /** A create call that failed has removed what it made; when the platform still lists something by that name, the entry stays. */
  async #orForget<T>(
    entry: LedgerEntry | undefined,
    kind: ResourceKind,
    name: string,
    create: () => Promise<T>,
  ): Promise<T> {
    try {
      return await create()
    } catch (error) {
      if (entry) {
        const left = await this.driver.resources({}).catch(() => undefined)
        const gone =
          left !== undefined && !left.some((resource) => resource.kind === kind && resource.id.includes(name))
        if (gone) await entry.destroyed()
      }
      throw error
    }
  }

  async #quietly(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const known =
        error instanceof HarnessError
          ? error
          : new CleanupError(`${what} could not be cleaned up: ${String(error)}`, { cause: error })
      this.#warn(known)
    }
  }
}

const CLEANUP_MS = 120_000

async function cleanly(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CleanupError(`${what} could not be removed: ${why}`, { hint: 'run `harness sweep`', cause: error })
  }
}
