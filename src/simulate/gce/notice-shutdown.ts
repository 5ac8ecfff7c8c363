import { markStopped } from './lifecycle.ts'
import type { Machine, Project } from './project.ts'
import { textOf } from './text-of.ts'

/** Machines whose guests shut themselves down stop. */
export async function noticeShutdowns(project: Project): Promise<void> {
  await Promise.allSettled([...project.machines.values()].map((machine) => notice(project, machine)))
}

async function notice(project: Project, machine: Machine): Promise<void> {
  const id = textOf(machine.data.id)
  if (machine.data['status'] !== 'RUNNING') return project.shutdowns.forget(id)
  const marked = machine.work
  await marked
  const down = await project.shutdowns.of(id)
  if (machine.work !== marked || machine.data['status'] !== 'RUNNING') return project.shutdowns.forget(id)
  if (down) markStopped(machine)
}
