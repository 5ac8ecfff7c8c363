import type { CellSummary } from '../results/event.ts'

/** What a cell will take, as far as can be known before it runs. */
export interface Estimator {
  /** Seconds of machine time until nothing of the cell is left; `measured` when they come from earlier runs. */
  expectedSeconds(cell: CellSummary): { seconds: number; measured: boolean }
  /** Its price in US dollars; 0 on hardware of one's own, undefined when no price is known. Always called an estimate. */
  expectedUsd(cell: CellSummary): number | undefined
}

/** Of cells that have never run: a container of LXD, and anything with a kernel of its own. */
const CONTAINER_SECONDS = 90
const MACHINE_SECONDS = 300

/** Platforms whose machines cost nothing but time. */
const FREE: ReadonlySet<string> = new Set(['fake', 'lxd', 'qemu', 'ssh'])

/** Guesses for the time before anything has been measured. */
export const guess: Estimator = {
  expectedSeconds: (cell) => ({
    seconds: cell.boot === 'container' ? CONTAINER_SECONDS : MACHINE_SECONDS,
    measured: false,
  }),
  expectedUsd: (cell) => (FREE.has(cell.platform) ? 0 : undefined),
}
