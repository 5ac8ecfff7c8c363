import { estimator } from '../cost/estimator.ts'
import type { Estimator } from '../matrix/estimate.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import { type EarlierRuns, readEarlierRuns } from '../results/earlier-runs.ts'

/** What the runs of a reports folder know, with their single checks. */
export async function earlierRuns(reportsDir = 'reports'): Promise<EarlierRuns> {
  return await readEarlierRuns(reportsDir, { checks: true })
}

/** What cells of a matrix are expected to take and cost. */
export function estimatesOf({ matrix }: LoadedMatrix, earlier: EarlierRuns): Estimator {
  return estimator(({ id }) => earlier.uses(id), matrix.prices)
}
