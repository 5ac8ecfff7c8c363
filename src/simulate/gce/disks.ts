import { ApiError, notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { address, cardsOf, diskKey, disksOf, last } from './lifecycle.ts'
import { change, found } from './machines.ts'
import { createDisk } from './new-disk.ts'
import { aggregated } from './pages.ts'
import { textOf } from './text-of.ts'

export const diskHandlers: Handlers = {
  'disks.insert': ({ project, parameters, body }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const owner = parameters['project'] ?? ''
    const target = project.link(`projects/${owner}/zones/${zone}/disks/${textOf(body['name'])}`)
    const of = { project: owner, zone, type: 'insert', target, requestId: parameters['requestId'] }
    const known = project.replayed(of)
    if (known) return known
    createDisk(project, owner, zone, body)
    return project.operate(of, async () => {})
  },

  'disks.get': ({ project, parameters }) => {
    const disk = project.disks.get(diskKey(parameters['zone'] ?? '', parameters['disk'] ?? ''))
    if (!disk) throw notFound(`zones/${parameters['zone']}/disks/${parameters['disk']}`)
    return disk
  },

  'disks.delete': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const key = diskKey(zone, parameters['disk'] ?? '')
    const disk = project.disks.get(key)
    if (!disk) throw notFound(`zones/${zone}/disks/${parameters['disk']}`)
    if (Array.isArray(disk['users']) && disk['users'].length > 0)
      throw new ApiError(
        400,
        'resourceInUseByAnotherResource',
        `The disk resource '${disk.selfLink}' is already being used by '${textOf(disk['users'][0])}'`,
      )
    const of = {
      project: parameters['project'] ?? '',
      zone,
      type: 'delete',
      target: disk.selfLink,
      requestId: parameters['requestId'],
    }
    return project.operate(of, async () => void project.disks.delete(key))
  },

  'disks.aggregatedList': ({ project, parameters }) =>
    aggregated(project, parameters, [...new Set(project.disks.values())], 'disks'),

  'instances.attachDisk': (call) => {
    const { project, body } = call
    const machine = found(call)
    const name = last(body['source'])
    const disk = project.disks.get(diskKey(machine.zone, name))
    if (!disk) throw notFound(textOf(body['source']))
    return change(call, machine, 'attachDisk', async () => {
      const device = await project.settings.backend.addDisk(textOf(machine.data.id), Number(disk['sizeGb'] ?? 10))
      const deviceName = textOf(body['deviceName'] ?? name)
      machine.devices.set(deviceName, device)
      disk['users'] = [machine.data.selfLink]
      machine.data['disks'] = [
        ...disksOf(machine.data),
        {
          ...body,
          kind: 'compute#attachedDisk',
          deviceName,
          source: disk.selfLink,
          index: disksOf(machine.data).length,
        },
      ]
      machine.data['fingerprint'] = project.id()
    })
  },

  'instances.detachDisk': (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const deviceName = parameters['deviceName'] ?? ''
    const attached = disksOf(machine.data).find((disk) => disk.deviceName === deviceName)
    if (!attached) throw new ApiError(400, 'invalid', `No attached disk found with device name '${deviceName}'`)
    return change(call, machine, 'detachDisk', async () => {
      await project.settings.backend.removeDevice(textOf(machine.data.id), machine.devices.get(deviceName) ?? '')
      machine.devices.delete(deviceName)
      const disk = project.disks.get(diskKey(machine.zone, last(attached.source)))
      if (disk) delete disk['users']
      machine.data['disks'] = disksOf(machine.data).filter((one) => one !== attached)
      machine.data['fingerprint'] = project.id()
    })
  },

  'instances.addNetworkInterface': (call) => {
    const { project, body } = call
    const machine = found(call)
    const cards = cardsOf(machine.data)
    if (machine.data['status'] !== 'RUNNING')
      throw new ApiError(400, 'RESOURCE_NOT_READY', 'The instance must be running.')
    if (body['parentNicName'] === undefined || body['vlan'] === undefined)
      throw new ApiError(400, 'invalid', 'A dynamic network interface needs parentNicName and vlan.')
    if (cards.some((card) => last(card.network) === last(body['network'])))
      throw new ApiError(400, 'invalid', 'Networks must be distinct for NICs attached to a VM.')
    return change(call, machine, 'addNetworkInterface', async () => {
      const name = `${textOf(body['parentNicName'])}.${textOf(body['vlan'])}`
      machine.devices.set(name, await project.settings.backend.addNic(textOf(machine.data.id)))
      machine.data['networkInterfaces'] = [...cards, { ...body, name, fingerprint: project.id() }]
      await address(project, machine)
    })
  },

  'instances.deleteNetworkInterface': (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const name = parameters['networkInterfaceName'] ?? ''
    if (!cardsOf(machine.data).some((card) => card.name === name && name.includes('.')))
      throw new ApiError(400, 'invalid', `There is no dynamic network interface '${name}'.`)
    return change(call, machine, 'deleteNetworkInterface', async () => {
      await project.settings.backend.removeDevice(textOf(machine.data.id), machine.devices.get(name) ?? '')
      machine.devices.delete(name)
      machine.data['networkInterfaces'] = cardsOf(machine.data).filter((card) => card.name !== name)
    })
  },
}
