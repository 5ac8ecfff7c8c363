import type { Resource } from '../../platforms/platform.ts'
import type { LedgerState, OpenEntry } from '../../platforms/read-ledgers.ts'

/** Run of images that a platform keeps for later runs. */
const IMAGE_CACHE = 'image-cache'

/**
 * Why one of our things may be removed, or undefined when it must stay. What a live run made always stays;
 * what a dead run of this host made may go; of everything else only the mark of its expiry is known.
 */
export function whySweep(
  resource: Resource,
  ledgers: readonly Pick<LedgerState, 'runId' | 'alive' | 'part' | 'open'>[],
  asked: { runId?: string; all?: boolean; images?: boolean },
  now: Date,
): string | undefined {
  if (resource.runId === IMAGE_CACHE) return asked.images ? 'cached images are to go' : undefined
  if (asked.runId !== undefined && resource.runId !== asked.runId) return undefined
  const own = ledgers.filter((known) => known.runId === resource.runId)
  const worker = whyWorker(resource, own)
  if (worker !== undefined) return worker
  if (own.some(({ alive }) => alive === true)) return undefined
  if (own.some(({ alive, part }) => alive === false && part === undefined)) return 'its run is gone'
  if (resource.expires !== undefined && Date.parse(resource.expires) < now.getTime())
    return `it expired at ${resource.expires}`
  if (asked.runId !== undefined) return 'its run was named'
  return asked.all ? 'everything of ours is to go' : undefined
}

/** Others may still work on the same run, here or elsewhere: what is gone with a worker is only what that worker made. */
export function whyWorker(
  resource: Pick<Resource, 'runId' | 'id'>,
  ledgers: readonly Pick<LedgerState, 'runId' | 'alive' | 'part' | 'open'>[],
): string | undefined {
  const lost = ledgers.some(
    ({ runId, part, alive, open }) =>
      part !== undefined &&
      alive === false &&
      runId === resource.runId &&
      open.some((entry) => isOf(entry, resource.id)),
  )
  return lost ? 'its worker is gone' : undefined
}

/** A create call that was under way has told no id; names are unique, and where ids are made of names they are found in them. */
function isOf({ id, intent }: OpenEntry, resourceId: string): boolean {
  return id === undefined ? resourceId.includes(intent.name) : id === resourceId
}
