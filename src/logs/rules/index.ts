import type { LogRule } from '../rule.ts'
import { accountRules } from './accounts.ts'
import { agentRules } from './agent.ts'
import { allowRules } from './allow.ts'
import { datasourceRules } from './datasource.ts'
import { diskRules } from './disk.ts'
import { networkRules } from './network.ts'
import { serviceRules } from './services.ts'
import { systemRules } from './system.ts'

/** Every rule that comes with the harness. */
export const shippedLogRules: readonly LogRule[] = [
  ...agentRules,
  ...datasourceRules,
  ...networkRules,
  ...diskRules,
  ...accountRules,
  ...serviceRules,
  ...systemRules,
  ...allowRules,
]
