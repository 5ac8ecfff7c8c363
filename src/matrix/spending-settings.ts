import { z } from 'zod'
import { toMs } from '../core/duration.ts'

const usd = z.number().nonnegative()
const count = z.int().positive()

const quota = {
  vcpus: count.optional().describe('vCPUs of all machines at the same time.'),
  machines: count.optional().describe('Machines at the same time.'),
}

const platformLimits = z
  .strictObject({
    ...quota,
    regions: z.record(z.string(), z.strictObject(quota)).optional().describe('Other numbers for single regions.'),
    'vcpus-of': z.record(z.string(), count).optional().describe('vCPUs of instance types the harness does not know.'),
  })
  .describe('Quotas of the account, shared by all runs of this host.')

const platformPrice = z
  .strictObject({
    'usd-per-hour': z
      .record(z.string(), usd)
      .describe('Price of a running machine by instance type, with its disk and address; "*" is any other type.'),
    minimum: z
      .string()
      .refine((text) => isDuration(text), 'is not a duration, for example "60 seconds"')
      .optional()
      .describe('Shortest time that is billed for a machine. Default "60 seconds".'),
  })
  .describe('Prices that win over the table of the harness.')

/** Parts of `matrix.yaml` about money and quotas. */
export const spendingSettings = {
  limits: z.record(z.string(), platformLimits).optional().describe('What runs may use at the same time, by platform.'),
  prices: z.record(z.string(), platformPrice).optional().describe('Prices by platform. Every price is an estimate.'),
  budget: z
    .strictObject({
      'run-usd': usd.optional().describe('No cell begins when the run would cost more.'),
      'day-usd': usd
        .optional()
        .describe(
          'No cell begins when all runs of this host, or all workers of a queue, would cost more on this day (UTC).',
        ),
      'platform-day-usd': z.record(z.string(), usd).optional().describe('The same for single platforms.'),
    })
    .optional()
    .describe('Hard stops, in estimated US dollars.'),
}

export type PlatformPrice = z.infer<typeof platformPrice>
export type Budget = NonNullable<z.infer<(typeof spendingSettings)['budget']>>

function isDuration(text: string): boolean {
  try {
    return toMs(text) >= 0
  } catch {
    return false
  }
}
