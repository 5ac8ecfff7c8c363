import { rateOf, usdOf } from '../../cost/prices.ts'
import { regionOf } from '../../cost/estimator.ts'
import type { Cell } from '../../matrix/cell.ts'
import type { Usage } from '../../results/usage.ts'
import type { SpendSettings } from '../schedule/spend-settings.ts'

/** How long the machines of one attempt existed, from the moment they were asked for. */
export class Meter {
  readonly #seconds: number[] = []
  readonly #running = new Set<number>()

  /** Counts a machine until the function it returns is called. */
  start(): () => void {
    const from = performance.now()
    this.#running.add(from)
    return () => {
      if (this.#running.delete(from)) this.#seconds.push((performance.now() - from) / 1000)
    }
  }

  /** Seconds of each machine; of those that still exist, until now. */
  get seconds(): number[] {
    return [...this.#seconds, ...[...this.#running].map((from) => (performance.now() - from) / 1000)]
  }
}

/** What the machines of an attempt came to; undefined when there was none. */
export function usageOf(cell: Cell, meter: Meter, spend: SpendSettings | undefined): Usage | undefined {
  const { seconds } = meter
  if (seconds.length === 0) return undefined
  const region = regionOf(cell)
  const { platform, instanceType } = cell
  const rate = rateOf({ platform, instanceType, ...(region === undefined ? {} : { region }) }, spend?.prices)
  const sum = seconds.reduce((total, one) => total + one, 0)
  return {
    machines: seconds.length,
    seconds: Math.round(sum * 10) / 10,
    ...(rate ? { usd: Number(usdOf(rate, seconds).toPrecision(6)), basis: rate.basis } : {}),
  }
}
