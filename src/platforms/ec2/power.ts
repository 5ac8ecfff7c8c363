import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Ec2Client, Instance } from './client.ts'
import type { Watch } from './watch.ts'
import { untilKnown } from './until-known.ts'

export interface Place {
  client: Ec2Client
  watch: Watch
  id: string
}

export async function startInstance(place: Place, waiting: CallWaiting): Promise<void> {
  const { client, id } = place
  // One that is still stopping cannot be started.
  await reach(place, ['stopped', 'running', 'pending'], waiting)
  await untilKnown(waiting, () =>
    client.call(`starting ${id}`, waiting, (ec2, options) => ec2.startInstances({ InstanceIds: [id] }, options)),
  )
  await reach(place, ['running'], waiting)
}

export async function stopInstance(place: Place, force: boolean, waiting: CallWaiting): Promise<void> {
  const { client, id } = place
  await client.call(`stopping ${id}`, waiting, (ec2, options) =>
    ec2.stopInstances({ InstanceIds: [id], ...(force ? { Force: true } : {}) }, options),
  )
  await reach(place, ['stopped', 'terminated'], waiting)
}

/** Resolves when EC2 has taken the request: it tells no end of a reboot. A guest that does not shut down is reset after some minutes. */
export async function rebootInstance({ client, watch, id }: Place, waiting: CallWaiting): Promise<void> {
  await client.call(`rebooting ${id}`, waiting, (ec2, options) => ec2.rebootInstances({ InstanceIds: [id] }, options))
  watch.forget(id)
}

async function reach(
  { watch, id }: Place,
  states: readonly string[],
  waiting: CallWaiting,
): Promise<Instance | undefined> {
  const { deadlineMs, signal } = waiting
  return await waitUntil(
    {
      what: `${id} to be ${states[0]}`,
      deadlineMs,
      intervalMs: 500,
      maxIntervalMs: 4000,
      ...(signal ? { signal } : {}),
    },
    async (): Promise<Attempt<Instance | undefined>> => {
      const instance = await watch.of(id, { fresh: true })
      const state = instance?.State?.Name ?? 'gone'
      return states.includes(state) ? { done: true, value: instance } : { done: false, saw: state }
    },
  )
}
