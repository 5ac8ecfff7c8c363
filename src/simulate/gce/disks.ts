import { ApiError, notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { change, found, aggregated } from './instances.ts'
import { diskKey, disksOf, cardsOf, last, address } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'

/** Puts a disk into a zone. @throws ApiError for a name that is taken */
export function createDisk(project: Project, owner: string, zone: string, wanted: Record<string, unknown>): Resource {
  const { diskName: _, diskSizeGb, sourceImage, ...rest } = wanted
  const name = String(wanted['name'])
  const key = diskKey(zone, name)
  const path = `projects/${owner}/zones/${zone}/disks/${name}`
  if (project.disks.has(key)) throw new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`)
  const image = project.findImage(sourceImage)
  const disk: Resource = {
    ...rest,
    kind: 'compute#disk',
    id: project.id(),
    name,
    status: 'READY',
    creationTimestamp: new Date().toISOString(),
    selfLink: project.link(path),
    zone: project.link(`projects/${owner}/zones/${zone}`),
    sizeGb: String(wanted['sizeGb'] ?? diskSizeGb ?? image?.['diskSizeGb'] ?? 10),
    type: String(wanted['diskType'] ?? 'pd-standard'),
    ...(image ? { sourceImage: image.selfLink } : {}),
  }
  delete disk['diskType']
  project.disks.set(key, disk)
  return disk
}

export const diskHandlers: Handlers = {
  'disks.insert': ({ project, parameters, body }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const owner = parameters['project'] ?? ''
    const target = project.link(`projects/${owner}/zones/${zone}/disks/${String(body['name'])}`)
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
        `The disk resource '${disk.selfLink}' is already being used by '${String(disk['users'][0])}'`,
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
    if (!disk) throw notFound(String(body['source']))
    return change(call, machine, 'attachDisk', async () => {
      const device = await project.settings.backend.addDisk(String(machine.data.id), Number(disk['sizeGb'] ?? 10))
      const deviceName = String(body['deviceName'] ?? name)
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
      await project.settings.backend.removeDevice(String(machine.data.id), machine.devices.get(deviceName) ?? '')
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
      const name = `${String(body['parentNicName'])}.${String(body['vlan'])}`
      machine.devices.set(name, await project.settings.backend.addNic(String(machine.data.id)))
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
      await project.settings.backend.removeDevice(String(machine.data.id), machine.devices.get(name) ?? '')
      machine.devices.delete(name)
      machine.data['networkInterfaces'] = cardsOf(machine.data).filter((card) => card.name !== name)
    })
  },
}
