import { notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { page } from './pages.ts'
import { last } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'
import { findType, TYPES } from './types.ts'
import type { Type } from './types.ts'

const DISK_TYPES = ['pd-standard', 'pd-balanced', 'pd-ssd', 'hyperdisk-balanced']

export const stockHandlers: Handlers = {
  'machineTypes.get': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const name = parameters['machineType'] ?? ''
    const type = findType(name)
    if (!type) throw notFound(`projects/${parameters['project']}/zones/${zone}/machineTypes/${name}`)
    return typeResource(project, parameters['project'] ?? '', zone, name, type)
  },
  'machineTypes.list': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    return page(
      project,
      parameters,
      Object.entries(TYPES).map(([name, type]) => typeResource(project, parameters['project'] ?? '', zone, name, type)),
      'machineType',
    )
  },
  'diskTypes.get': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    const name = parameters['diskType'] ?? ''
    const path = `projects/${parameters['project']}/zones/${zone}/diskTypes/${name}`
    if (!DISK_TYPES.includes(name)) throw notFound(path)
    return {
      kind: 'compute#diskType',
      id: '3000',
      name,
      zone: project.link(`projects/${parameters['project']}/zones/${zone}`),
      selfLink: project.link(path),
    }
  },
  'regions.get': ({ project, parameters }) => {
    const region = project.regions.find(({ name }) => name === parameters['region'])
    if (!region) throw notFound(`projects/${parameters['project']}/regions/${parameters['region']}`)
    const limit = project.settings.quota ?? 100_000
    const usage = [...project.machines.values()].filter(({ zone }) => region.zones.includes(zone)).length
    return {
      kind: 'compute#region',
      id: '1000',
      name: region.name,
      status: 'UP',
      selfLink: project.link(`projects/${parameters['project']}/regions/${region.name}`),
      zones: region.zones.map((zone) => project.link(`projects/${parameters['project']}/zones/${zone}`)),
      quotas: [
        { metric: 'INSTANCES', limit, usage },
        { metric: 'CPUS', limit: limit * 2, usage: usage * 2 },
      ],
    }
  },
  'zones.list': ({ project, parameters }) =>
    page(
      project,
      parameters,
      project.regions.flatMap(({ name, zones }) =>
        zones.map((zone) => zoneResource(project, parameters['project'] ?? '', zone, name)),
      ),
      'zone',
    ),
  'zones.get': ({ project, parameters }) => {
    const zone = project.zone(parameters['zone'] ?? '')
    return zoneResource(project, parameters['project'] ?? '', zone, zone.replace(/-[a-z]$/, ''))
  },
  'regions.list': ({ project, parameters }) =>
    page(
      project,
      parameters,
      project.regions.map(({ name }) => ({
        kind: 'compute#region',
        id: '1000',
        name,
        status: 'UP',
        selfLink: project.link(`projects/${parameters['project']}/regions/${name}`),
      })),
      'region',
    ),
  'projects.get': ({ project, parameters }) => ({
    kind: 'compute#project',
    id: '123456789012',
    name: parameters['project'] ?? '',
    selfLink: project.link(`projects/${parameters['project']}`),
    commonInstanceMetadata: { kind: 'compute#metadata' },
  }),
  'zoneOperations.get': ({ project, parameters }) => operation(project, parameters['operation']).data,
  'zoneOperations.wait': ({ project, parameters }) => waitFor(project, parameters['operation']),
  'globalOperations.get': ({ project, parameters }) => operation(project, parameters['operation']).data,
  'globalOperations.wait': ({ project, parameters }) => waitFor(project, parameters['operation']),
  'zoneOperations.list': ({ project, parameters }) => {
    const here = [...project.operations.values()]
      .map(({ data }) => data)
      .filter(({ zone }) => last(zone) === parameters['zone'])
    return page(project, parameters, here, 'operation')
  },
}

function operation(project: Project, name: string | undefined) {
  const found = project.operations.get(name ?? '')
  if (!found) throw notFound(`operations/${name}`)
  return found
}

/** The API holds such a call for two minutes at most and then answers, whatever the state. */
async function waitFor(project: Project, name: string | undefined): Promise<object> {
  const found = operation(project, name)
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, HOLD_MS)
  })
  await Promise.race([found.done, enough])
  clearTimeout(timer)
  return found.data
}

const HOLD_MS = 10_000

function typeResource(project: Project, owner: string, zone: string, name: string, type: Type): Resource {
  return {
    kind: 'compute#machineType',
    id: '1000',
    name,
    description: `${type.guestCpus} vCPU, ${type.memoryMb} MB`,
    ...type,
    isSharedCpu: name.startsWith('e2-m') || name === 'e2-small',
    maximumPersistentDisks: 128,
    maximumPersistentDisksSizeGb: '263168',
    zone,
    selfLink: project.link(`projects/${owner}/zones/${zone}/machineTypes/${name}`),
  }
}

function zoneResource(project: Project, owner: string, zone: string, region: string): Resource {
  return {
    kind: 'compute#zone',
    id: '2000',
    name: zone,
    status: 'UP',
    region: project.link(`projects/${owner}/regions/${region}`),
    selfLink: project.link(`projects/${owner}/zones/${zone}`),
  }
}
