import type { Instance } from '../../../src/testing/index.ts'
import { readIdentity } from './identity.ts'
import type { Identity } from './identity.ts'

/** One reboot that several checks look at: what was before it, what came after. */
export interface Crossing<Before = undefined> {
  before: Identity
  after: Identity
  noted: Before
  /** From the request to ready, in milliseconds. */
  durationMs: number
}

interface CrossingOptions<Before> {
  via: 'guest' | 'platform'
  signal: AbortSignal
  /** Runs before the reboot, once; its result is kept for all checks. */
  prepare: () => Promise<Before>
}

const crossings = new Map<string, Promise<Crossing<unknown>>>()

/**
 * Reboots the instance the first time it is called for `name`, and gives every later caller the same observation,
 * so that checks share a boot and each still judges what it is about, in whatever order they run.
 */
export function cross<Before>(
  instance: Instance,
  name: string,
  options: CrossingOptions<Before>,
): Promise<Crossing<Before>> {
  const key = `${instance.id} ${name}`
  const known = crossings.get(key) as Promise<Crossing<Before>> | undefined
  if (known) return known
  const crossing = rebootOnce(instance, options)
  crossings.set(key, crossing)
  crossing.catch(() => undefined)
  return crossing
}

/** For checks that are not about the reboot itself: without one they have nothing to judge. */
export async function survived<Before>(
  crossing: Promise<Crossing<Before>>,
  skip: (reason: string) => never,
): Promise<Crossing<Before>> {
  return await crossing.catch((error: unknown) =>
    skip(`the reboot failed: ${error instanceof Error ? error.message : String(error)}`),
  )
}

async function rebootOnce<Before>(instance: Instance, options: CrossingOptions<Before>): Promise<Crossing<Before>> {
  const before = await readIdentity(instance)
  const noted = await options.prepare()
  const started = performance.now()
  await instance.reboot({ via: options.via, deadline: '90 seconds', signal: options.signal })
  const durationMs = performance.now() - started
  return { before, after: await readIdentity(instance), noted, durationMs }
}
