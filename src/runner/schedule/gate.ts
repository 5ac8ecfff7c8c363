import type { Reservation, SpendingBook } from '../../cost/hard-stops.ts'
import { Spending } from '../../cost/spending.ts'
import { regionOf } from '../../cost/estimator.ts'
import { vcpusOf } from '../../cost/prices.ts'
import { LeaseTable } from '../../limits/lease-table.ts'
import type { Claim, Lease, Leases } from '../../limits/leases.ts'
import { claimsOf } from '../../limits/quotas.ts'
import { loadPlatform } from '../../platforms/open-platform.ts'
import { laneOf, type Paces } from './paces.ts'
import type { CellPlan } from '../plan/plan.ts'
import type { CellEnd } from '../cell/run-cell.ts'
import type { RunOrder } from '../run-context.ts'
import type { Admission, Entry } from './schedule.ts'
import type { SpendSettings } from './spend-settings.ts'

/** How long a cell waits for a quota before it is given up. */
const PATIENCE_MS = 6 * 3_600_000
const RETRY_MS = 500

/** The units of quotas that a cell needs. @throws ConfigError when it can never get them */
export async function claimsOfPlan(
  { cell, needs, groups, nothing }: CellPlan,
  spend: SpendSettings | undefined,
): Promise<Claim[]> {
  const limits = spend?.limits?.[cell.platform]
  if (!limits || nothing !== undefined) return []
  const { manifest } = await loadPlatform(cell.platform)
  const instanceType = cell.instanceType === 'default' ? manifest.defaultInstanceType : cell.instanceType
  const vcpus = manifest.instanceTypes[instanceType]?.cpus ?? vcpusOf(cell.platform, instanceType)
  // The machine under test, the unmodified one beside it, and one for each group of checks: all may exist at once.
  const machines = 1 + Number(needs.pair) + groups.length
  const region = regionOf(cell) ?? 'default'
  return claimsOf(limits, { platform: cell.platform, region, instanceType, machines, vcpus })
}

/** Where quotas and money are counted by whoever works on runs together. */
export interface SharedCounts {
  leases: Leases
  spending: SpendingBook
}

/** Lets a cell begin when its platform keeps up, its quotas have room and there is money left. */
export class Gate implements Admission<CellPlan, CellEnd> {
  readonly #run: Pick<RunOrder, 'runId' | 'events' | 'signal' | 'spend'>
  readonly #paces: Paces
  readonly #waiting = new Map<string, number>()
  readonly #leases: Leases | undefined
  readonly #spending: SpendingBook | undefined
  /** What is closed with the gate. */
  readonly #own: { close(): void }[] = []

  /**
   * @param shared default the tables of this host
   * @throws PrerequisiteError when the tables in the state directory cannot be used
   */
  constructor(run: Pick<RunOrder, 'runId' | 'events' | 'signal' | 'spend'>, paces: Paces, shared?: SharedCounts) {
    this.#run = run
    this.#paces = paces
    const { limits = {}, estimates = {} } = run.spend ?? {}
    const own = <T extends { close(): void }>(table: T) => (this.#own.push(table), table)
    if (Object.keys(limits).length > 0) this.#leases = shared?.leases ?? own(new LeaseTable())
    if (Object.values(estimates).some((usd) => usd > 0)) this.#spending = shared?.spending ?? own(new Spending())
  }

  lane({ cell }: CellPlan): string {
    return laneOf(cell)
  }

  async enter(plan: CellPlan): Promise<Entry<CellEnd>> {
    if (this.#run.signal.aborted || plan.nothing !== undefined) return { leave: async () => {} }
    const pace = this.#paces.of(plan.cell)
    if (pace.holdMs > 0) return { waitMs: pace.holdMs }
    const lease = await this.#lease(plan)
    if (lease && 'busy' in lease) return this.#wait(plan, lease.busy)
    const money = await this.#reserve(plan).catch(async (error: unknown) => {
      await lease?.release().catch(() => {})
      throw error
    })
    if (money && 'refused' in money) {
      await lease?.release()
      return money
    }
    const out = pace.enter()
    return {
      leave: async (end) => {
        out()
        try {
          await money?.settle(end.usd ?? 0)
        } finally {
          await lease?.release()
        }
      },
    }
  }

  /** A cell that gets no place was not judged. */
  refuse({ cell }: CellPlan, reason: string): CellEnd {
    const { events } = this.#run
    events.emit({ type: 'cell-ended', cell: cell.id, attempt: 1, status: 'miss', reason, durationMs: 0, boots: 0 })
    return { status: 'miss', leaks: 0 }
  }

  close(): void {
    for (const table of this.#own) table.close()
  }

  async #lease(plan: CellPlan): Promise<Lease | { busy: string } | undefined> {
    if (!this.#leases) return undefined
    const claims = await claimsOfPlan(plan, this.#run.spend)
    if (claims.length === 0) return undefined
    const { cell } = plan
    const { cellMs, cleanupMs } = cell.timeouts
    const expiresAt = Date.now() + (cellMs + cleanupMs + 600_000) * cell.attempts
    return await this.#leases.tryTake(claims, { runId: this.#run.runId, cell: cell.id, expiresAt })
  }

  #wait({ cell }: CellPlan, why: string): { waitMs: number } | { refused: string } {
    const since = this.#waiting.get(cell.id)
    if (since === undefined) {
      this.#waiting.set(cell.id, performance.now())
      this.#run.events.emit({ type: 'warning', cell: cell.id, attempt: 1, message: `waits for a quota: ${why}` })
    } else if (performance.now() - since > PATIENCE_MS) return { refused: `waited six hours for a quota: ${why}` }
    return { waitMs: RETRY_MS }
  }

  async #reserve({ cell }: CellPlan): Promise<Reservation | { refused: string } | undefined> {
    const { spend, runId } = this.#run
    const usd = spend?.estimates?.[cell.id] ?? 0
    if (!this.#spending || usd === 0) return undefined
    return await this.#spending.reserve({ runId, cell: cell.id, platform: cell.platform, usd }, spend?.budget ?? {})
  }
}
