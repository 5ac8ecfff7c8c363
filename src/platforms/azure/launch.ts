import { CancelledError, PlatformError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { isSameCell } from '../cloud-names.ts'
import { firstWithCapacity, placesIn } from '../cloud-places.ts'
import type { LaunchRequest } from '../platform.ts'
import type { AzureClient, VirtualMachine } from './client.ts'
import type { InGroup } from './ids.ts'
import { ANY_ZONE } from './lookup.ts'
import type { Lookup } from './lookup.ts'
import { machineBody } from './machine-body.ts'
import type { Plan } from './machine-body.ts'
import { ownerOf } from './marks.ts'
import type { Grounds } from './network.ts'
import { checkSize } from './sizes.ts'

const CLEANUP: CallWaiting = { deadlineMs: 180_000 }

/** Creates a machine in the first place that has capacity. Whatever goes wrong, nothing of it stays. */
export async function launchMachine(
  context: { client: AzureClient; lookup: Lookup; grounds: Grounds },
  plan: Plan,
  waiting: CallWaiting,
): Promise<{ at: InGroup; machine: VirtualMachine }> {
  const { client, lookup, grounds } = context
  const { request, image } = plan
  const { value } = await firstWithCapacity(
    placesIn(lookup.choices(request)),
    async ({ region, zone, instanceType }) => {
      const size = await lookup.size(region, instanceType, waiting)
      const zonal = zone === ANY_ZONE ? undefined : zone
      if (!size || (zonal !== undefined && !size.zones.includes(zonal))) return 'unfit'
      checkSize(size, image, request)
      if (waiting.signal?.aborted) throw new CancelledError(`cancelled before ${request.name} was created`)
      const ground = await grounds.of(request.owner, region, waiting)
      const at = { group: ground.group, name: request.name }
      const body = machineBody(plan, ground, { location: region, zone: zonal, size: size.name })
      return { at, machine: await create(client, at, body, request, waiting) }
    },
  )
  return value
}

async function create(
  client: AzureClient,
  at: InGroup,
  body: VirtualMachine,
  request: LaunchRequest,
  waiting: CallWaiting,
): Promise<VirtualMachine> {
  await freeName(client, at, request, waiting)
  try {
    return await client.putMachine(at, body, waiting)
  } catch (error) {
    await removeLate(client, at, request)
    throw error
  }
}

/** A create call would change a machine of that name; what an earlier attempt at the same cell left is removed, anything else stays. */
async function freeName(client: AzureClient, at: InGroup, request: LaunchRequest, waiting: CallWaiting): Promise<void> {
  const present = await client.machine(at, waiting)
  if (!present) return
  if (!isSameCell(ownerOf(present.tags), request.owner)) {
    throw new PlatformError(
      'conflict',
      `a machine named ${at.name} exists and was not made for this cell of this run`,
      {
        hint: 'choose another name, or remove that machine',
        cause: new Error(`${at.group}/${at.name} exists`),
      },
    )
  }
  await client.deleteMachine(at, CLEANUP)
}

/** Removes what a create that failed or was cancelled has left: Azure keeps machines that it could not start. */
async function removeLate(client: AzureClient, at: InGroup, request: LaunchRequest): Promise<void> {
  for (const waitMs of [0, 700]) {
    if (waitMs > 0) await pause(waitMs)
    const present = await client.machine(at, CLEANUP).catch(() => undefined)
    if (present && isSameCell(ownerOf(present.tags), request.owner))
      await client.deleteMachine(at, CLEANUP).catch(() => undefined)
  }
}
