import { definePlatform } from '../platform.ts'
import { examine } from './doctor.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { GceOptions } from './options.ts'
import { readQuota } from './quota.ts'
import { GceSession } from './session.ts'

export default definePlatform<GceOptions>({
  manifest,
  open: (options) => GceSession.open(parseOptions(options)),
  doctor: (options) => examine(parseOptions(options)),
  quota: async (options, waiting) => await readQuota(parseOptions(options), waiting),
})
