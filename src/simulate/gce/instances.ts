import { SCREEN_JPEG } from '../screen.ts'
import { ApiError, notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { address, end, last, stopMachine } from './lifecycle.ts'
import { change, found } from './machines.ts'
import { checkNew, insert } from './new-instance.ts'
import type { NewInstance } from './new-instance.ts'
import { aggregated, page } from './pages.ts'
import type { Machine, Project } from './project.ts'
import { textOf } from './text-of.ts'

export const instanceHandlers: Handlers = {
  'instances.insert': ({ project, parameters, body }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const wanted = body as NewInstance
    const name = wanted.name ?? ''
    const path = `projects/${parameters['project']}/zones/${zone}/instances/${name}`
    const replay = {
      project: parameters['project'] ?? '',
      zone,
      type: 'insert',
      target: project.link(path),
      requestId: parameters['requestId'],
    }
    const check = () => {
      checkNew(project, zone, wanted)
      if (project.machines.has(`${zone}/${name}`))
        throw new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`)
      const running = [...project.machines.values()].length
      const limit = project.settings.quota ?? 100_000
      if (running >= limit || project.strikes('quota', zone, last(wanted.machineType)))
        throw new ApiError(
          403,
          'quotaExceeded',
          `Quota 'INSTANCES' exceeded.  Limit: ${limit}.0 in region ${zone.replace(/-[a-z]$/, '')}.`,
        )
    }
    return project.replayed(replay) ?? insert(project, replay, wanted, check)
  },

  'instances.get': (call) => found(call, true).data,

  'instances.list': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    return page(
      project,
      parameters,
      visible(project)
        .filter((machine) => machine.zone === zone)
        .map(({ data }) => data),
      'instance',
    )
  },

  'instances.aggregatedList': ({ project, parameters }) =>
    aggregated(
      project,
      parameters,
      visible(project).map(({ data }) => data),
      'instances',
    ),

  'instances.delete': (call) => {
    const { project } = call
    const machine = found(call)
    return change(call, machine, 'delete', async () => await end(project, machine))
  },

  'instances.start': (call) => {
    const { project } = call
    const machine = found(call)
    return change(call, machine, 'start', async () => {
      if (machine.data['status'] === 'RUNNING') return
      if (project.strikes('stockout', machine.zone))
        throw new ApiError(
          503,
          'ZONE_RESOURCE_POOL_EXHAUSTED',
          `The zone '${machine.zone}' does not have enough resources available to fulfill the request.`,
        )
      await project.settings.backend.start(textOf(machine.data.id))
      await started(project, machine)
    })
  },

  'instances.stop': (call) => {
    const { project } = call
    const machine = found(call)
    return change(call, machine, 'stop', async () => await stopNow(project, machine))
  },

  'instances.reset': (call) => {
    const { project } = call
    const machine = found(call)
    return change(call, machine, 'reset', async () => {
      if (machine.data['status'] !== 'RUNNING')
        throw new ApiError(400, 'RESOURCE_NOT_READY', `The resource '${machine.data.selfLink}' is not ready`)
      await project.settings.backend.reboot(textOf(machine.data.id))
    })
  },

  'instances.getSerialPortOutput': async (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const text = Buffer.from(await project.settings.backend.console(textOf(machine.data.id)).catch(() => ''))
    const begin = Math.max(Number(parameters['start'] ?? 0), text.length - MAX_SERIAL)
    return {
      kind: 'compute#serialPortOutput',
      contents: text.subarray(begin).toString('utf8'),
      start: textOf(Math.min(begin, text.length)),
      next: textOf(text.length),
      selfLink: `${machine.data.selfLink}/serialPort`,
    }
  },

  'instances.getScreenshot': (call) => {
    const { data } = found(call)
    const display = data['displayDevice'] as NewInstance['displayDevice']
    if (data['status'] !== 'RUNNING' || !display?.enableDisplay)
      throw new ApiError(400, 'resourceNotReady', `The resource '${data.selfLink}' is not running, or has no display`)
    return { kind: 'compute#screenshot', contents: SCREEN_JPEG.toString('base64') }
  },

  'instances.getGuestAttributes': async (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const items = (machine.data['metadata'] as NewInstance['metadata'])?.items ?? []
    if (items.find(({ key }) => key === 'enable-guest-attributes')?.value?.toUpperCase() !== 'TRUE')
      throw new ApiError(403, 'forbidden', 'Guest attributes are not enabled for this instance.')
    const [namespace = ''] = (parameters['queryPath'] ?? '').split('/')
    const left = await project.settings.backend.left(textOf(machine.data.id))
    const prefix = `guest-attributes/${namespace}/`
    const values = Object.entries(left).filter(([name]) => name.startsWith(prefix))
    if (values.length === 0) throw notFound(`${machine.data.selfLink}/guestAttributes/${namespace}`)
    return {
      kind: 'compute#guestAttributes',
      queryPath: `${namespace}/`,
      queryValue: { items: values.map(([name, value]) => ({ namespace, key: name.slice(prefix.length), value })) },
    }
  },
}

const MAX_SERIAL = 1024 * 1024

async function started(project: Project, machine: Machine): Promise<void> {
  await address(project, machine)
  machine.data['status'] = 'RUNNING'
  machine.data['lastStartTimestamp'] = new Date().toISOString()
}

async function stopNow(project: Project, machine: Machine): Promise<void> {
  if (machine.data['status'] !== 'TERMINATED') await stopMachine(project, machine)
}

function visible(project: Project): Machine[] {
  return [...project.machines.values()].filter(({ visibleAt }) => visibleAt <= Date.now())
}
