import { notFound } from './api-error.ts'
import type { Call } from './call.ts'
import type { Machine } from './project.ts'

/** A machine by the parameters of a call. @throws ApiError */
export function found({ project, parameters }: Call, onlyVisible = false): Machine {
  const zone = project.zone(parameters['zone'] ?? '')
  const machine = project.machines.get(`${zone}/${parameters['instance']}`)
  if (!machine || (onlyVisible && machine.visibleAt > Date.now() && project.strikes('late-list', 'instances.get')))
    throw notFound(`projects/${parameters['project']}/zones/${zone}/instances/${parameters['instance']}`)
  return machine
}

/** Changes of one machine are made one after the other. */
export function change(
  { project, parameters }: Call,
  machine: Machine,
  type: string,
  run: () => Promise<void>,
): object {
  const of = {
    project: parameters['project'] ?? '',
    zone: machine.zone,
    type,
    target: machine.data.selfLink,
    requestId: parameters['requestId'],
  }
  return project.operate(of, async () => {
    const turn = machine.work.then(run)
    machine.work = turn.catch(() => undefined)
    await turn
  })
}
