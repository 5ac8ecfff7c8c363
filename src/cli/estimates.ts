import { estimator } from '../cost/estimator.ts'
import type { Estimator } from '../matrix/estimate.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'

/** What cells of a matrix are expected to take and cost. */
export function estimatesOf({ matrix }: LoadedMatrix): Estimator {
  return estimator(undefined, matrix.prices)
}
