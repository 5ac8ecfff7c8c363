import { rm } from 'node:fs/promises'
import pLimit from 'p-limit'
import { CancelledError, type ErrorRecord, HarnessError, toErrorRecord, WaitTimeoutError } from '../../core/errors.ts'
import { pause, waitUntil } from '../../core/wait-until.ts'
import { openPlatformNamed } from '../../platforms/open-platform.ts'
import { withCredentials } from '../../platforms/option-credentials.ts'
import type { Resource, ResourceKind } from '../../platforms/platform.ts'
import { type LedgerState, readLedgers } from '../../platforms/read-ledgers.ts'
import type { Session } from '../../platforms/session.ts'
import { EXIT } from '../../results/status.ts'
import { removeHostLeftovers, staleHostPaths } from './sweep-host.ts'
import { whySweep, whyWorker } from './sweep-rules.ts'

export interface SweepOptions {
  /** Only what this run made. Its own process must be gone. */
  runId?: string
  /** Also what no ledger of this host knows and what has not expired: things of other hosts and of sessions without a run. */
  all?: boolean
  /** Only what lost workers of runs over several machines made. */
  workersOnly?: boolean
  /** Also images that are kept for later runs. */
  images?: boolean
  /** Ids of things that stay in any case. */
  spare?: ReadonlySet<string>
  /** Only tells. */
  dryRun?: boolean
  /**
   * Where to look besides the places the ledgers name, and with which credentials there. One that cannot be opened is left out,
   * unless it was asked for: then it is said to be unreachable.
   */
  platforms?: readonly { name: string; options: Readonly<Record<string, unknown>>; asked?: boolean }[]
  /** How long a place may take to answer the first question, in milliseconds. Default one minute. */
  answerMs?: number
  signal?: AbortSignal
}

/** One thing of ours, and what was done with it. */
export interface SweepItem {
  platform: string
  kind: ResourceKind
  id: string
  runId: string
  cell: string
  /** Why it may go. */
  why: string
  outcome: 'removed' | 'planned' | 'left'
  error?: ErrorRecord
}

export interface SweepResult {
  items: SweepItem[]
  /** Runs that still go on; nothing of theirs is touched. */
  live: string[]
  /** Platforms that could not be asked, though a ledger says something may be there, or somebody wanted to know. */
  unreachable: { platform: string; error: ErrorRecord; runs: string[] }[]
  /** 0, or 4 when something stays. */
  exitCode: number
}

const PLACES_AT_ONCE = 8
const ANSWER_MS = 60_000
/** Removals of a cloud may take minutes. */
const PLACE_MS = 900_000

const ORDER: readonly ResourceKind[] = ['machine', 'snapshot', 'disk', 'nic', 'network', 'image', 'key', 'file']

/** What a sweep would remove. Changes nothing. */
export async function planSweep(options: Omit<SweepOptions, 'dryRun'> = {}): Promise<SweepResult> {
  return await sweep({ ...options, dryRun: true })
}

/**
 * Removes what runs left behind that did not end well: machines, snapshots, disks, networks, images, temporary folders, mounts.
 * Only things with our marks are touched, and nothing of a run that still goes on.
 */
export async function sweep(options: SweepOptions = {}): Promise<SweepResult> {
  const all = await readLedgers()
  const ledgers = options.workersOnly ? all.filter(({ part }) => part !== undefined) : all
  const result: SweepResult = {
    items: [],
    live: ledgers.filter((ledger) => ledger.alive === true).map(({ runId }) => runId),
    unreachable: [],
    exitCode: EXIT.pass,
  }
  const dead = ledgers.filter(
    (ledger) => ledger.alive === false && (options.runId === undefined || ledger.runId === options.runId),
  )
  const places = placesOf(dead, options)
  const asking = pLimit(PLACES_AT_ONCE)
  const answered = await Promise.all(places.map((place) => asking(() => reach(place, options, result))))
  // One after another: two of them may be the same place under different options.
  for (const reached of answered) if (reached) await sweepPlace(reached, ledgers, options, result)
  for (const path of await staleHostPaths()) {
    const item: SweepItem = {
      platform: 'host',
      kind: 'file',
      id: path,
      runId: '',
      cell: '',
      why: 'its process is gone',
      outcome: 'planned',
    }
    result.items.push(item)
    if (!options.dryRun) await settle(item, () => removeHostLeftovers(path))
  }
  if (!options.dryRun) await closeLedgers(dead, places, result, options.spare)
  const stays = result.items.some((item) => item.outcome === 'left') || result.unreachable.length > 0
  if (stays) result.exitCode = EXIT.leak
  return result
}

interface Place {
  name: string
  options: Readonly<Record<string, unknown>>
  /** Runs that said they made something here and are dead. */
  runs: Set<string>
  /** Somebody wants to know about it. */
  asked: boolean
}

function placesOf(dead: readonly LedgerState[], options: SweepOptions): Place[] {
  const places = new Map<string, Place>()
  const add = (name: string, platformOptions: Readonly<Record<string, unknown>>, run?: string, asked = false) => {
    const key = JSON.stringify([name, platformOptions])
    const place = places.get(key) ?? { name, options: platformOptions, runs: new Set(), asked }
    if (run !== undefined) place.runs.add(run)
    places.set(key, place)
  }
  for (const { name, options: platformOptions, asked } of options.platforms ?? [])
    add(name, platformOptions, undefined, asked)
  for (const ledger of dead) {
    for (const [name, sets] of ledger.platforms) {
      const given = (options.platforms ?? []).filter((place) => place.name === name).map((place) => place.options)
      const run = ledger.open.length > 0 ? ledger.runId : undefined
      for (const set of sets) add(name, withCredentials(set, given), run)
    }
  }
  return [...places.values()]
}

function mute({ name, runs }: Place, error: unknown): SweepResult['unreachable'][number] {
  return { platform: name, error: toErrorRecord(error), runs: [...runs] }
}

interface Reached {
  place: Place
  session: Session
}

/** Opens a place that answers a question. One that does not must not keep the others waiting, nor whoever asked. */
async function reach(place: Place, options: SweepOptions, result: SweepResult): Promise<Reached | undefined> {
  let session: Session | undefined
  try {
    await inTime(`${place.name} to answer`, options.answerMs ?? ANSWER_MS, options, async () => {
      session = await openPlatformNamed(place.name, place.options)
      await session.resources({ runId: 'none' })
    })
    return session && { place, session }
  } catch (error) {
    // Closing what does not answer may take as long.
    void session?.[Symbol.asyncDispose]()
    if (!(error instanceof HarnessError) || error instanceof CancelledError) throw error
    // A platform that is not installed has nothing of ours; one that is mute may have.
    const mayHave = place.asked || place.runs.size > 0 || session !== undefined || error instanceof WaitTimeoutError
    if (mayHave) result.unreachable.push(mute(place, error))
    return undefined
  }
}

async function inTime(what: string, deadlineMs: number, { signal }: SweepOptions, work: () => Promise<void>) {
  await waitUntil({ what, deadlineMs, ...(signal ? { signal } : {}) }, async () => {
    await work()
    return { done: true, value: undefined }
  })
}

async function sweepPlace(
  { place, session }: Reached,
  ledgers: readonly LedgerState[],
  options: SweepOptions,
  result: SweepResult,
): Promise<void> {
  try {
    const seen = new Set<string>()
    // A create call that was under way when its run was killed may show its result a moment later.
    const inFlight = ledgers.some(
      (ledger) => place.runs.has(ledger.runId) && ledger.open.some((entry) => entry.id === undefined),
    )
    await inTime(`${place.name} to be swept`, PLACE_MS, options, async () => {
      for (let round = 0; round < (inFlight && !options.dryRun ? 3 : 1); round++) {
        if (round > 0) await pause(700, options.signal)
        await sweepOnce(session, place, ledgers, options, result, seen)
      }
    })
  } catch (error) {
    if (error instanceof CancelledError) throw error
    result.unreachable.push(mute(place, error))
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

async function sweepOnce(
  session: Session,
  place: Place,
  ledgers: readonly LedgerState[],
  options: SweepOptions,
  result: SweepResult,
  seen: Set<string>,
): Promise<void> {
  const resources = await session.resources(options.runId === undefined ? {} : { runId: options.runId })
  const items = resources.flatMap((resource) => {
    const key = `${resource.kind} ${resource.id}`
    const why = options.workersOnly ? whyWorker(resource, ledgers) : whySweep(resource, ledgers, options, new Date())
    if (why === undefined || seen.has(key) || options.spare?.has(resource.id)) return []
    seen.add(key)
    return [{ ...identity(place.name, resource), why, outcome: 'planned' as const }]
  })
  result.items.push(...items)
  if (options.dryRun) return
  for (const kind of ORDER) {
    const limit = pLimit(4)
    const work = result.items.filter(
      (item) => items.some((one) => one.id === item.id) && item.kind === kind && item.outcome === 'planned',
    )
    await Promise.all(work.map((item) => limit(() => settle(item, () => session.remove(item)))))
  }
}

function identity(platform: string, { kind, id, runId, cell }: Resource) {
  return { platform, kind, id, runId, cell }
}

async function settle(item: SweepItem, remove: () => Promise<void>): Promise<void> {
  try {
    await remove()
    item.outcome = 'removed'
  } catch (error) {
    item.outcome = 'left'
    item.error = toErrorRecord(error)
  }
}

/** A ledger goes when everything it tells of is gone. */
async function closeLedgers(
  dead: readonly LedgerState[],
  places: readonly Place[],
  result: SweepResult,
  spare: ReadonlySet<string> = new Set(),
): Promise<void> {
  const unreachable = new Set(result.unreachable.map(({ platform }) => platform))
  for (const ledger of dead) {
    const left = result.items.some((item) => item.runId === ledger.runId && item.outcome !== 'removed')
    const unknown = places.some((place) => place.runs.has(ledger.runId) && unreachable.has(place.name))
    const spared = ledger.open.some(({ id }) => id !== undefined && spare.has(id))
    if (!left && !unknown && !spared) await rm(ledger.path, { force: true })
  }
}
