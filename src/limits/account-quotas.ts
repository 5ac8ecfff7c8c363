import { isDeepStrictEqual } from 'node:util'
import { HarnessError, PrerequisiteError } from '../core/errors.ts'
import { waitUntil } from '../core/wait-until.ts'
import { loadPlatform } from '../platforms/open-platform.ts'
import type { AccountQuota } from '../platforms/platform.ts'
import { LeaseTable, type LentUnits } from './lease-table.ts'
import type { PlatformLimits } from './quotas.ts'

type Limits = Readonly<Record<string, PlatformLimits>>

/** Where cells are to be launched. */
export interface QuotaPlace {
  platform: string
  /** As limits name it; `default` where nobody said. */
  region: string
  /** Options of the platform, its region among them where one was named. */
  options: Readonly<Record<string, unknown>>
}

/** Limits of the matrix and of the accounts, and what people should know of the latter, one fact a line. */
export interface FoundLimits {
  limits: Limits
  notes: string[]
}

/** Loading an SDK, signing in and asking; a plan must not wait for an account that does not answer. */
const READ_MS = 15_000
/** For the questions alone, once signed in: nothing may be listening there. */
const ASK_MS = 4000

/**
 * Asks the accounts how many vCPUs may run, where the matrix does not say it. What others use is taken off.
 * An account that cannot be asked limits nothing and is told of; one that nobody can sign in to is passed over, for the run will tell.
 * @param options `lent` is what runs of this host use now, default as their table says
 */
export async function withAccountQuotas(
  limits: Limits,
  places: readonly QuotaPlace[],
  options: { deadlineMs?: number; signal?: AbortSignal; lent?: () => readonly LentUnits[] } = {},
): Promise<FoundLimits> {
  const asked = places.filter(
    (place, index) =>
      !isLimited(limits[place.platform], place.region) &&
      places.findIndex((other) => isDeepStrictEqual(place, other)) === index,
  )
  const answers = await Promise.all(
    asked.map(async (place) => ({ place, answer: await read(place, options.deadlineMs ?? READ_MS, options.signal) })),
  )
  const found: Record<string, PlatformLimits> = { ...limits }
  const notes: string[] = []
  if (answers.length === 0) return { limits: found, notes }
  const lent = answers.some(({ answer }) => answer && 'vcpus' in answer) ? (options.lent ?? lentNow)() : []
  for (const { place, answer } of answers) {
    const { platform, region } = place
    if (!answer) continue
    if (answer instanceof HarnessError) {
      notes.push(`The quota of ${platform} cannot be read, so nothing is kept within it: ${answer.message}`)
      continue
    }
    const own = lent.filter(({ quota }) => quota === `${platform}/${region}/vcpus`)
    const others = Math.max(0, answer.used - own.reduce((sum, { units }) => sum + units, 0))
    const free = Math.max(0, answer.vcpus - others)
    const before = found[platform]
    const quota = { ...before?.regions?.[region], vcpus: free, 'account-vcpus': answer.vcpus }
    found[platform] = { ...before, regions: { ...before?.regions, [region]: quota } }
    notes.push(`The quota of ${platform} in ${answer.region}: ${free} of ${answer.vcpus} vCPUs may be used.`)
  }
  return { limits: found, notes }
}

function isLimited(limits: PlatformLimits | undefined, region: string): boolean {
  return limits?.vcpus !== undefined || limits?.regions?.[region]?.vcpus !== undefined
}

async function read(
  { platform, options }: QuotaPlace,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<AccountQuota | HarnessError | undefined> {
  try {
    const loaded = await loadPlatform(platform)
    return await waitUntil(
      { what: `${platform} to tell its quota`, deadlineMs, ...(signal ? { signal } : {}) },
      async (attempt) => ({
        done: true,
        value: await loaded.quota?.(options, { deadlineMs: Math.min(ASK_MS, deadlineMs), signal: attempt }),
      }),
    )
  } catch (error) {
    if (error instanceof PrerequisiteError) return undefined
    if (error instanceof HarnessError) return error
    throw error
  }
}

function lentNow(): LentUnits[] {
  const table = new LeaseTable()
  try {
    return table.list()
  } finally {
    table.close()
  }
}
