import { vmId } from './machine-view.ts'
import type { Entry, World } from './world.ts'

/** Machines whose guests shut themselves down stop. They keep their hardware, and are paid for. */
export async function noticeShutdowns(world: World): Promise<void> {
  const machines = [...world.entries.values()].filter(({ power }) => power !== undefined)
  await Promise.allSettled(machines.map((machine) => notice(world, machine)))
}

async function notice(world: World, machine: Entry): Promise<void> {
  const id = vmId(machine)
  if (machine.power !== 'running') return world.shutdowns.forget(id)
  const marked = machine.work
  await marked
  const down = await world.shutdowns.of(id)
  if (machine.work !== marked || machine.power !== 'running') return world.shutdowns.forget(id)
  if (down) machine.power = 'stopped'
}
