import type { Instance } from '../../instance/instance.ts'
import { machineName } from '../../platforms/name.ts'
import { findCloud } from '../../imds/clouds.ts'
import type { CloudIdentity } from '../../platforms/cloud-identity.ts'
import type { Owner } from '../../platforms/platform.ts'
import type { LaunchOptions, Session } from '../../platforms/session.ts'
import type { CellStage } from './cell-stage.ts'

/** Tags and times of the machines of one attempt, and their end. */
export class CellMachines {
  readonly session: Session
  readonly #stage: CellStage
  readonly #open = new Set<Instance>()
  readonly #kept = new Set<Instance>()
  readonly #meters = new Map<Instance, () => void>()

  constructor(stage: CellStage, session: Session) {
    this.#stage = stage
    this.session = session
  }

  /** Marks for what this attempt makes; they expire some time after it must be over. */
  owner(): Owner {
    const { id, timeouts } = this.#stage.plan.cell
    const lifetime = timeouts.cellMs + timeouts.cleanupMs + 600_000
    return {
      runId: this.#stage.run.runId,
      cell: id,
      attempt: this.#stage.attempt,
      expires: new Date(Date.now() + lifetime).toISOString(),
    }
  }

  /** Launches a machine under the name of its role. What is launched here is destroyed by `destroy`. */
  async launch(
    role: string,
    image: string,
    {
      cloud,
      ...options
    }: Pick<LaunchOptions, 'userData' | 'vendorData' | 'networkConfig' | 'warm'> & {
      cloud?: Omit<CloudIdentity, 'cloud'>
    } = {},
  ): Promise<Instance> {
    const { cell } = this.#stage.plan
    const owner = this.owner()
    const userData = options.userData ?? cell.userData
    const identity = cell.extra?.['identity']
    const stop = this.#stage.meter.start()
    const request: LaunchOptions = {
      image,
      name: machineName({ ...owner, role }),
      owner,
      deadline: `${cell.timeouts.bootMs} ms`,
      signal: this.#stage.signal,
      ...(cell.instanceType === 'default' ? {} : { instanceType: cell.instanceType }),
      ...(cell.boot === 'default' ? {} : { boot: cell.boot }),
      ...(cell.disks ? { disks: cell.disks } : {}),
      ...(cell.nics ? { nics: cell.nics } : {}),
      ...(cell.extra ? { extra: cell.extra } : {}),
      ...(cloud && identity ? { cloudIdentity: { ...cloud, cloud: findCloud(identity).name } } : {}),
      ...options,
      ...(userData === undefined ? {} : { userData }),
    }
    try {
      const instance = await this.#stage.paced(() => this.session.launch(request))
      this.#open.add(instance)
      this.#meters.set(instance, stop)
      this.#stage.boots++
      const { placement } = instance.machine
      if (placement !== undefined)
        this.#stage.emit({ type: 'step-progress', step: 'launch', line: `${role}: ${placement}` })
      return instance
    } catch (error) {
      stop()
      throw error
    }
  }

  /** Keeps a machine from being destroyed. */
  keep(instance: Instance): void {
    this.#open.delete(instance)
    this.#kept.add(instance)
  }

  isKept(instance: Instance | undefined): boolean {
    return instance !== undefined && this.#kept.has(instance)
  }

  /** Destroys one machine, with a deadline of its own that no cancellation shortens. Never rejects: a failure is a leak. */
  async destroy(instance: Instance): Promise<void> {
    if (!this.#open.delete(instance)) return
    const { cleanupMs } = this.#stage.plan.cell.timeouts
    const deadline = AbortSignal.timeout(cleanupMs)
    try {
      await this.#stage.paced(() => instance.destroy({ deadline: `${cleanupMs} ms` }), deadline)
    } catch (error) {
      this.#stage.leaked(`machine ${instance.name}`, error)
    }
    this.#meters.get(instance)?.()
  }

  /** Destroys every machine that is left, all at the same time. Never rejects. */
  async destroyAll(): Promise<void> {
    await Promise.all([...this.#open].map((instance) => this.destroy(instance)))
  }

  get count(): number {
    return this.#open.size
  }
}
