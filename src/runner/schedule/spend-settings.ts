import type { PlatformLimits } from '../../limits/quotas.ts'
import type { Budget, PlatformPrice } from '../../matrix/spending-settings.ts'

/** What a run may use and spend. Plain data, so that another process can go on with the run. */
export interface SpendSettings {
  /** Quotas by platform, shared by all runs of this host. */
  limits?: Readonly<Record<string, PlatformLimits>>
  /** Prices of the matrix by platform; they win over the table. */
  prices?: Readonly<Record<string, PlatformPrice>>
  /** Hard stops. */
  budget?: Budget
  /** Estimated dollars by cell. A cell that is not named costs nothing, or nobody knows what. */
  estimates?: Readonly<Record<string, number>>
}
