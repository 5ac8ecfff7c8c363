import { regionOf } from '../../cost/estimator.ts'
import { Pace, type PaceOptions } from '../../limits/pace.ts'
import type { Cell } from '../../matrix/cell.ts'

/** Platform and region of a cell: what a provider counts calls and quotas by. */
export function laneOf(cell: Cell): string {
  return `${cell.platform}/${regionOf(cell) ?? 'default'}`
}

/** The pace of each platform and region, for all cells of a process. */
export class Paces {
  readonly #paces = new Map<string, Pace>()
  readonly #options: PaceOptions

  constructor(options: PaceOptions = {}) {
    this.#options = options
  }

  of(cell: Cell): Pace {
    const lane = laneOf(cell)
    const pace = this.#paces.get(lane) ?? new Pace(this.#options)
    this.#paces.set(lane, pace)
    return pace
  }
}
