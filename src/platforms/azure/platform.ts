import { definePlatform } from '../platform.ts'
import { examine } from './doctor.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { AzureOptions } from './options.ts'
import { readQuota } from './quota.ts'
import { AzureSession } from './session.ts'

export default definePlatform<AzureOptions>({
  manifest,
  open: (options) => AzureSession.open(parseOptions(options)),
  doctor: (options) => examine(parseOptions(options)),
  quota: async (options, waiting) => await readQuota(parseOptions(options), waiting),
})
