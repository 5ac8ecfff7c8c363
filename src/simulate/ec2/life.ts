import { PlatformError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { MachineSpec } from '../backend.ts'
import { releaseCards, showAddresses } from './cards.ts'
import { releaseVolumes } from './volumes.ts'
import type { SimulatedInstance, World } from './world.ts'

const CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const

export type StateName = keyof typeof CODES

export function stateOf({ data }: SimulatedInstance): StateName {
  return (data.State?.Name ?? 'terminated') as StateName
}

function become({ data }: SimulatedInstance, name: StateName, reason?: { code: string; message: string }): void {
  data.State = { Code: CODES[name], Name: name }
  if (!reason) return
  data.StateReason = { Code: reason.code, Message: `${reason.code}: ${reason.message}` }
  data.StateTransitionReason = reason.message
}

/** Changes of one instance follow each other; a failure of the back end terminates it, as a failure of the host does. */
function queue(world: World, instance: SimulatedInstance, work: () => Promise<void>): void {
  instance.work = instance.work.then(work).catch(async (error: Error) => {
    become(instance, 'terminated', { code: 'Server.InternalError', message: error.message })
    await world.settings.backend.destroy(instance.data.InstanceId).catch(() => undefined)
    await release(world, instance)
  })
}

/** Pending, then running, or terminated when the launch fails after it was accepted. */
export function bootInstance(world: World, instance: SimulatedInstance, spec: MachineSpec): void {
  const { data, hollow } = instance
  const fails = world.strikes('async-failure', data.Placement?.AvailabilityZone, data.InstanceType)
  queue(world, instance, async () => {
    await Promise.all([pause(world.pendingMs), hollow || fails ? undefined : world.settings.backend.launch(spec)])
    if (fails) {
      const volume = 'Client.VolumeLimitExceeded'
      become(instance, 'terminated', {
        code: world.strikes('quota') ? volume : 'Server.InternalError',
        message: 'Server.InternalError on launch',
      })
      return await release(world, instance)
    }
    await showAddresses(world, instance)
    // Who terminates it in the meantime does so after this.
    if (stateOf(instance) === 'pending') become(instance, 'running')
    if (
      data.InstanceLifecycle === 'spot' &&
      world.strikes('interrupt', data.Placement?.AvailabilityZone, data.InstanceType)
    )
      interrupt(world, instance)
  })
}

/** A spot instance is taken away some time after it began to run. */
function interrupt(world: World, instance: SimulatedInstance): void {
  void pause(world.pendingMs * 3 + 1000).then(() =>
    terminate(world, instance, { code: 'Server.SpotInstanceTermination', message: 'Spot instance termination' }),
  )
}

export function terminate(
  world: World,
  instance: SimulatedInstance,
  reason = { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown' },
): void {
  if (stateOf(instance) === 'terminated' || stateOf(instance) === 'shutting-down') return
  become(instance, 'shutting-down', reason)
  queue(world, instance, async () => {
    if (stateOf(instance) === 'terminated') return
    await keepConsole(world, instance)
    await Promise.all([pause(world.pendingMs), world.settings.backend.destroy(instance.data.InstanceId)])
    await release(world, instance)
    become(instance, 'terminated')
  })
}

async function release(world: World, instance: SimulatedInstance): Promise<void> {
  releaseCards(world, instance)
  releaseVolumes(world, instance)
}

export function stop(world: World, instance: SimulatedInstance, force: boolean): void {
  become(instance, 'stopping', { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown' })
  queue(world, instance, async () => {
    await keepConsole(world, instance)
    await Promise.all([
      pause(world.pendingMs),
      power(instance, () => world.settings.backend.stop(instance.data.InstanceId, { force })),
    ])
    if (stateOf(instance) === 'stopping') become(instance, 'stopped')
  })
}

export function start(world: World, instance: SimulatedInstance): void {
  become(instance, 'pending')
  delete instance.data.StateReason
  queue(world, instance, async () => {
    await Promise.all([
      pause(world.pendingMs),
      power(instance, () => world.settings.backend.start(instance.data.InstanceId)),
    ])
    await showAddresses(world, instance)
    if (stateOf(instance) === 'pending') become(instance, 'running')
  })
}

/** Accepted at once, and nobody is told whether it could be done; the instance then just runs on. */
export function reboot(world: World, instance: SimulatedInstance): void {
  queue(world, instance, async () => {
    if (stateOf(instance) !== 'running') return
    await keepConsole(world, instance)
    await power(instance, () => world.settings.backend.reboot(instance.data.InstanceId)).catch(() => undefined)
    world.shutdowns.forget(instance.data.InstanceId)
  })
}

async function power(instance: SimulatedInstance, change: () => Promise<void>): Promise<void> {
  if (!instance.hollow) await change()
}

/** What a guest that went down by itself means: the instance stops, or terminates, as it was launched. */
export async function noticeShutdown(world: World, instance: SimulatedInstance): Promise<void> {
  if (instance.hollow) return
  if (stateOf(instance) !== 'running') return world.shutdowns.forget(instance.data.InstanceId)
  const marked = instance.work
  await marked
  const down = await world.shutdowns.of(instance.data.InstanceId)
  if (instance.work !== marked || stateOf(instance) !== 'running')
    return world.shutdowns.forget(instance.data.InstanceId)
  if (!down) return
  const reason = { code: 'Client.InstanceInitiatedShutdown', message: 'Instance initiated shutdown' }
  if (instance.onShutdown === 'terminate' || down === 'gone') return terminate(world, instance, reason)
  await keepConsole(world, instance)
  become(instance, 'stopped', reason)
}

async function keepConsole(world: World, instance: SimulatedInstance): Promise<void> {
  instance.console = (await readConsole(world, instance)) || instance.console
}

export async function readConsole(world: World, instance: SimulatedInstance): Promise<string> {
  if (instance.hollow) return ''
  try {
    return await world.settings.backend.console(instance.data.InstanceId)
  } catch (error) {
    if (error instanceof PlatformError) return ''
    throw error
  }
}
