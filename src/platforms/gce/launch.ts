import { randomUUID } from 'node:crypto'
import { CancelledError, PlatformError } from '../../core/errors.ts'
import { pause as settle } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { isSameCell, ownerIn, tokenOf } from '../cloud-names.ts'
import { firstWithCapacity, placesIn } from '../cloud-places.ts'
import type { Place } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { InZone } from './client-instances.ts'
import type { GceClient } from './client.ts'
import { instanceBody } from './instance-body.ts'
import type { Plan } from './instance-body.ts'
import { checkType } from './machine-types.ts'
import type { Lookup } from './lookup.ts'

/** How long the end of a create that is no longer wanted, and its removal, are waited for. */
const CLEANUP: CallWaiting = { deadlineMs: 120_000 }

/** Creates a machine in the first place that has capacity. Whatever goes wrong, nothing of it stays. */
export async function launchInstance(
  client: GceClient,
  lookup: Lookup,
  plan: Plan,
  waiting: CallWaiting,
): Promise<InZone & { place: Place }> {
  const { request, image } = plan
  const choices = await lookup.choices(request, waiting)
  const { place } = await firstWithCapacity(placesIn(choices), async (candidate) => {
    const type = await lookup.machineType(candidate.zone, candidate.instanceType, waiting)
    if (!type) return 'unfit'
    checkType(type, image, request, plan.nested)
    await createIn(client, plan, candidate, waiting)
    return candidate
  })
  return { zone: place.zone, name: request.name, place }
}

async function createIn(client: GceClient, plan: Plan, place: Place, waiting: CallWaiting): Promise<void> {
  const { request } = plan
  const at = { zone: place.zone, name: request.name }
  const body = instanceBody(plan, place)
  // A known request is answered with the operation it began, even when what that made is gone since: after an interruption the same
  // machine is another request. Its name sees to it that there is one.
  const launch = randomUUID()
  const token = (again: number) => tokenOf('insert', launch, again)
  if (waiting.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was created`)
  const send = async (again: number) => {
    // The call itself goes on when nobody waits for it any more: what it makes has to be removed.
    const { signal: _, ...unstoppable } = waiting
    await unlessCancelled(client.instances.insert(place.zone, body, token(again), unstoppable), waiting, request)
  }
  try {
    await send(0).catch(async (error: unknown) => {
      if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
      await removeEarlier(client, at, request, error)
      await send(1)
    })
  } catch (error) {
    if (!isForeign(error)) await removeLate(client, at, request)
    throw error
  }
}

/** Waits for a call, or for the wish to cancel; then for the call's own end, so that what it made can be seen. */
async function unlessCancelled(call: Promise<void>, { signal }: CallWaiting, { name }: LaunchRequest): Promise<void> {
  const outcome = call.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const cancelled = Promise.withResolvers<'cancelled'>()
  const cancel = () => cancelled.resolve('cancelled')
  signal?.addEventListener('abort', cancel, { once: true })
  const first = await Promise.race([outcome, cancelled.promise])
  signal?.removeEventListener('abort', cancel)
  if (first === 'cancelled') throw new CancelledError(`cancelled while creating ${name}`)
  if (first) throw first.error
}

/** A name that is taken by what an earlier attempt at the same cell left is freed. */
async function removeEarlier(client: GceClient, at: InZone, request: LaunchRequest, conflict: PlatformError) {
  const present = await client.instances.get(at, CLEANUP)
  if (present && !isSameCell(ownerIn(present.description), request.owner)) {
    throw new PlatformError(
      'conflict',
      `a machine named ${at.name} exists and was not made for this cell of this run`,
      {
        hint: 'choose another name, or remove that machine',
        cause: conflict,
      },
    )
  }
  await client.instances.delete(at, CLEANUP)
}

/** Our own refusal to touch somebody else's machine; the API's conflicts have another cause. */
function isForeign(error: unknown): boolean {
  return error instanceof PlatformError && error.kind === 'conflict' && error.cause instanceof PlatformError
}

/** Removes what a create that failed may have left, and what may still appear. */
async function removeLate(client: GceClient, at: InZone, request: LaunchRequest): Promise<void> {
  for (const deadlineMs of [0, 700]) {
    if (deadlineMs > 0) await settle(deadlineMs)
    const present = await client.instances.get(at, CLEANUP).catch(() => undefined)
    if (present && isSameCell(ownerIn(present.description), request.owner))
      await client.instances.delete(at, CLEANUP).catch(() => undefined)
  }
}
