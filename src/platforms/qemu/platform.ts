import { definePlatform } from '../platform.ts'
import { examine } from './doctor.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { QemuOptions } from './options.ts'
import { paceOfHost, QemuSession } from './session.ts'

export default definePlatform<QemuOptions>({
  manifest,
  open: async (options) => new QemuSession(parseOptions(options)),
  doctor: (options) => examine(parseOptions(options)),
  pace: (options) => paceOfHost(parseOptions(options)),
})
