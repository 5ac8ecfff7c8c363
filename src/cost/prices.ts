import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { toMs } from '../core/duration.ts'
import type { PlatformPrice } from '../matrix/spending-settings.ts'

const amount = z.strictObject({
  usd: z.number().nonnegative(),
  /** Day on which the number was true as far as is known; of undated sources the day it was read. */
  asOf: z.iso.date(),
  read: z.string(),
})

/** What is billed beside the machine, by another page. */
const extra = amount.extend({ source: z.url() })

const platformTable = z.strictObject({
  /** Where the provider publishes the prices of its machines. */
  source: z.url(),
  minimumSeconds: z.int().nonnegative(),
  addressUsdPerHour: extra,
  diskGib: z.number(),
  diskUsdPerGibMonth: extra,
  /** The region the prices are of; other regions are estimated by them. */
  region: z.string(),
  usdPerHour: z.record(z.string(), amount.extend({ vcpus: z.int().positive() })),
})

/** The prices the harness brings along: few instance types, each with day and source. */
export type PriceTable = Record<string, z.infer<typeof platformTable>>

/** What a machine costs while it exists. */
export interface Rate {
  usdPerHour: number
  /** Shortest time that is billed. */
  minimumSeconds: number
  /** Where the number comes from, for people. */
  basis: string
}

/** A place and size that has a price. */
export interface Priced {
  platform: string
  instanceType: string
  region?: string
}

/** Prices older than this are told to be old. */
const OLD_DAYS = 90
const HOURS_PER_MONTH = 730
const MINIMUM = '60 seconds'

let shipped: PriceTable | undefined

/** The price table of the harness, read once. */
export function priceTable(): PriceTable {
  shipped ??= z
    .record(z.string(), platformTable)
    .parse(JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')))
  return shipped
}

/**
 * The price of a machine: that of the matrix, else that of the table. Undefined when nobody knows one.
 * @param own prices of the matrix, by platform
 */
export function rateOf(
  { platform, instanceType, region }: Priced,
  own: Readonly<Record<string, PlatformPrice>> = {},
  table: PriceTable = priceTable(),
): Rate | undefined {
  const set = own[platform]
  const ownUsd = set?.['usd-per-hour'][instanceType] ?? set?.['usd-per-hour']['*']
  if (set && ownUsd !== undefined) {
    return { usdPerHour: ownUsd, minimumSeconds: toMs(set.minimum ?? MINIMUM) / 1000, basis: 'the matrix' }
  }
  const known = table[platform]
  const machine = known?.usdPerHour[instanceType]
  if (!known || !machine) return undefined
  const disk = (known.diskGib * known.diskUsdPerGibMonth.usd) / HOURS_PER_MONTH
  const elsewhere = region !== undefined && region !== known.region ? `, for want of one of ${region}` : ''
  return {
    usdPerHour: machine.usd + known.addressUsdPerHour.usd + disk,
    minimumSeconds: known.minimumSeconds,
    basis: `price of ${known.region} of ${machine.asOf}${elsewhere}`,
  }
}

/** vCPUs of an instance type; undefined when the table does not know it. */
export function vcpusOf(platform: string, instanceType: string): number | undefined {
  return priceTable()[platform]?.usdPerHour[instanceType]?.vcpus
}

/** Says which of the prices in use are old; undefined when none is. */
export function oldPrices(used: Iterable<Priced>, now = new Date()): string | undefined {
  const limit = new Date(now.getTime() - OLD_DAYS * 86_400_000).toISOString().slice(0, 10)
  const old = new Set<string>()
  for (const { platform, instanceType } of used) {
    const asOf = priceTable()[platform]?.usdPerHour[instanceType]?.asOf
    if (asOf !== undefined && asOf < limit) old.add(`${platform} ${instanceType} (${asOf})`)
  }
  return old.size === 0 ? undefined : `prices older than ${OLD_DAYS} days: ${[...old].sort().join(', ')}`
}

/** Dollars for machines that existed for so many seconds each. */
export function usdOf(rate: Rate, machineSeconds: Iterable<number>): number {
  let seconds = 0
  for (const one of machineSeconds) seconds += Math.max(one, rate.minimumSeconds)
  return (seconds * rate.usdPerHour) / 3600
}
