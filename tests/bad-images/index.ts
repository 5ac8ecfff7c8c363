import { badAccounts } from './accounts.ts'
import { badAgent } from './agent.ts'
import { badArchives } from './archives.ts'
import type { BadImage } from './bad-image.ts'
import { badIdentity } from './identity.ts'
import { badLeftovers } from './leftovers.ts'
import { badLogs } from './logs.ts'
import { badSystem } from './system.ts'

export type { BadImage, Catch } from './bad-image.ts'

/** Every image that must not pass, for an image of a stable Debian release as the base. */
export const badImages: readonly BadImage[] = [
  ...badAccounts,
  ...badIdentity,
  ...badLeftovers,
  ...badArchives,
  ...badSystem,
  ...badAgent,
  ...badLogs,
]
