import { definePlatform } from '../platform.ts'
import { examine } from './doctor.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { Ec2Options } from './options.ts'
import { readQuota } from './quota.ts'
import { Ec2Session } from './session.ts'

export default definePlatform<Ec2Options>({
  manifest,
  open: async (options) => await Ec2Session.open(parseOptions(options)),
  doctor: async (options) => await examine(parseOptions(options)),
  quota: async (options, waiting) => await readQuota(parseOptions(options), waiting),
})
