import { HarnessError } from '../../core/errors.ts'
import type { Cell } from '../../matrix/cell.ts'
import { loadPlatform } from '../../platforms/open-platform.ts'
import { Once } from '../run-context.ts'

/**
 * The cells with deadlines for the hardware there is: where machines are emulated, checks and the whole cell get longer.
 * Waits on a machine itself are stretched by the machine, so the time to boot stays as it was written.
 */
export async function pacedCells(cells: readonly Cell[]): Promise<Cell[]> {
  const paces = new Once<number>()
  return await Promise.all(
    cells.map(async (cell) => {
      const pace = await paces.get(JSON.stringify([cell.platform, cell.platformOptions]), () => paceOf(cell))
      if (pace === 1) return cell
      const { checkMs, cellMs } = cell.timeouts
      return { ...cell, timeouts: { ...cell.timeouts, checkMs: checkMs * pace, cellMs: cellMs * pace, pace } }
    }),
  )
}

/** A platform that cannot tell says why when the cell signs in. */
async function paceOf({ platform, platformOptions }: Cell): Promise<number> {
  try {
    return (await (await loadPlatform(platform)).pace?.(platformOptions)) ?? 1
  } catch (error) {
    if (error instanceof HarnessError) return 1
    throw error
  }
}
