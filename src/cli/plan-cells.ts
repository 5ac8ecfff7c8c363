import type { Cell } from '../matrix/cell.ts'
import { loadPlatform } from '../platforms/open-platform.ts'
import { loadChecks } from '../runner/load-checks.ts'
import { type CellPlan, planCell } from '../runner/plan.ts'

/** What each cell would judge. @throws ConfigError for a platform or check that cannot be loaded */
export async function planCells(cells: readonly Cell[]): Promise<CellPlan[]> {
  const checks = await loadChecks([...new Set(cells.flatMap((cell) => cell.checks))])
  return await Promise.all(
    cells.map(async (cell) => {
      const { manifest } = await loadPlatform(cell.platform)
      return planCell(cell, checks.values(), new Set(manifest.capabilities))
    }),
  )
}
