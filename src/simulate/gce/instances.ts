import { ApiError, invalid, notFound } from './api-error.ts'
import type { Call, Handlers } from './call.ts'
import { createDisk } from './disks.ts'
import { filtered } from './filter.ts'
import { cardsOf, boot, diskKey, disksOf, end, last } from './lifecycle.ts'
import type { Machine, Project, Resource } from './project.ts'
import { findType } from './stock.ts'

const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const MAX_METADATA = 262_144

interface NewInstance {
  name?: string
  machineType?: string
  metadata?: { items?: { key?: string; value?: string }[] }
  scheduling?: {
    maxRunDuration?: { seconds?: string }
    instanceTerminationAction?: string
    provisioningModel?: string
    automaticRestart?: boolean
  }
  disks?: {
    boot?: boolean
    autoDelete?: boolean
    deviceName?: string
    source?: string
    initializeParams?: Record<string, unknown>
  }[]
  networkInterfaces?: { network?: string; subnetwork?: string; [key: string]: unknown }[]
}

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
      await project.settings.backend.start(String(machine.data.id))
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
      await project.settings.backend.reboot(String(machine.data.id))
    })
  },

  'instances.getSerialPortOutput': async (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const text = Buffer.from(await project.settings.backend.console(String(machine.data.id)).catch(() => ''))
    const begin = Math.max(Number(parameters['start'] ?? 0), text.length - MAX_SERIAL)
    return {
      kind: 'compute#serialPortOutput',
      contents: text.subarray(begin).toString('utf8'),
      start: String(Math.min(begin, text.length)),
      next: String(text.length),
      selfLink: `${machine.data.selfLink}/serialPort`,
    }
  },

  'instances.getGuestAttributes': async (call) => {
    const { project, parameters } = call
    const machine = found(call)
    const items = (machine.data['metadata'] as NewInstance['metadata'])?.items ?? []
    if (items.find(({ key }) => key === 'enable-guest-attributes')?.value?.toUpperCase() !== 'TRUE')
      throw new ApiError(403, 'forbidden', 'Guest attributes are not enabled for this instance.')
    const [namespace = ''] = (parameters['queryPath'] ?? '').split('/')
    const left = await project.settings.backend.left(String(machine.data.id))
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

function insert(
  project: Project,
  of: Parameters<Project['operate']>[0] & { zone: string },
  wanted: NewInstance,
  check: () => void,
): object {
  check()
  const { zone } = of
  const { disks = [], networkInterfaces = [], ...rest } = wanted
  const name = wanted.name ?? ''
  const data: Resource = {
    ...rest,
    kind: 'compute#instance',
    id: project.id(),
    name,
    status: 'PROVISIONING',
    creationTimestamp: new Date().toISOString(),
    selfLink: of.target,
    zone: project.link(`projects/${of.project}/zones/${zone}`),
    machineType: project.link(`projects/${of.project}/zones/${zone}/machineTypes/${last(wanted.machineType)}`),
    labelFingerprint: project.id(),
    fingerprint: project.id(),
    networkInterfaces: networkInterfaces.map((card, index) => ({
      ...card,
      name: `nic${index}`,
      fingerprint: project.id(),
    })),
    disks: disks.map((disk, index) => attached(project, of.project, zone, name, disk, index)),
  }
  const machine: Machine = { data, zone, work: Promise.resolve(), devices: new Map(), visibleAt: project.visibleAt() }
  project.machines.set(`${zone}/${name}`, machine)
  return project.operate(of, async () => {
    const booting = boot(project, machine)
    machine.work = booting.catch(() => undefined)
    try {
      await booting
    } catch (error) {
      // What could not be made is not there afterwards.
      await end(project, machine)
      throw error
    }
  })
}

/** A disk of the create call becomes a resource, and what the machine shows of it. */
function attached(
  project: Project,
  owner: string,
  zone: string,
  machine: string,
  disk: NonNullable<NewInstance['disks']>[number],
  index: number,
) {
  const { initializeParams, ...shown } = disk
  const name = String(initializeParams?.['diskName'] ?? (disk.boot ? machine : `${machine}-${index}`))
  const deviceName = disk.deviceName ?? (disk.boot ? name : `persistent-disk-${index}`)
  const made = createDisk(project, owner, zone, { name, ...initializeParams })
  made['users'] = [project.link(`projects/${owner}/zones/${zone}/instances/${machine}`)]
  if (disk.boot) project.disks.set(diskKey(zone, deviceName), made)
  return {
    ...shown,
    kind: 'compute#attachedDisk',
    index,
    deviceName,
    source: made.selfLink,
    diskSizeGb: String(made['sizeGb'] ?? 10),
    mode: 'READ_WRITE',
    type: 'PERSISTENT',
  }
}

function checkNew(project: Project, zone: string, wanted: NewInstance): void {
  if (!NAME.test(wanted.name ?? ''))
    throw invalid('resource.name', `'${wanted.name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'`)
  if (!findType(last(wanted.machineType)))
    throw notFound(`projects/p/zones/${zone}/machineTypes/${last(wanted.machineType)}`)
  for (const { key, value = '' } of wanted.metadata?.items ?? [])
    if (Buffer.byteLength(value) > MAX_METADATA)
      throw new ApiError(
        413,
        'invalid',
        `Value for metadata key '${key}' is too large: maximum size is ${MAX_METADATA} bytes`,
      )
  const cards = wanted.networkInterfaces ?? []
  if (cards.length === 0) throw invalid('resource.networkInterfaces', 'At least one network interface is required.')
  const networks = cards.map(({ network, subnetwork }) => last(network ?? subnetwork ?? 'default'))
  if (new Set(networks).size < networks.length)
    throw invalid('resource.networkInterfaces[1]', 'Networks must be distinct for NICs attached to a VM.')
  for (const { network } of cards)
    if (network !== undefined && !project.networks.has(last(network))) throw notFound(String(network))
  for (const { initializeParams } of wanted.disks ?? []) project.findImage(initializeParams?.['sourceImage'])
  const scheduling = wanted.scheduling ?? {}
  const seconds = Number(scheduling.maxRunDuration?.seconds ?? 60)
  if (seconds < 30 || seconds > 120 * 86_400)
    throw invalid('resource.scheduling.maxRunDuration', 'must be between 30 seconds and 120 days')
  if (scheduling.maxRunDuration && scheduling.instanceTerminationAction === undefined)
    throw invalid('resource.scheduling.instanceTerminationAction', 'must be set with a limit of the run time')
  if (scheduling.provisioningModel === 'SPOT' && scheduling.automaticRestart !== false)
    throw invalid('resource.scheduling.automaticRestart', 'Spot VMs cannot restart automatically.')
}

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

async function started(project: Project, machine: Machine): Promise<void> {
  const { address } = await import('./lifecycle.ts')
  await address(project, machine)
  machine.data['status'] = 'RUNNING'
  machine.data['lastStartTimestamp'] = new Date().toISOString()
}

async function stopNow(project: Project, machine: Machine): Promise<void> {
  const { stopMachine } = await import('./lifecycle.ts')
  if (machine.data['status'] !== 'TERMINATED') await stopMachine(project, machine)
}

function visible(project: Project): Machine[] {
  return [...project.machines.values()].filter(({ visibleAt }) => visibleAt <= Date.now())
}

/** One page of a list. */
export function page(
  project: Project,
  parameters: Record<string, string>,
  all: readonly Resource[],
  kind: string,
): object {
  const { items, nextPageToken } = cut(project, parameters, filtered(all, parameters['filter']))
  return {
    kind: `compute#${kind}List`,
    items,
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    selfLink: project.link('list'),
  }
}

/** The same over all zones. */
export function aggregated(
  project: Project,
  parameters: Record<string, string>,
  all: readonly Resource[],
  field: string,
): object {
  const { items, nextPageToken } = cut(project, parameters, filtered(all, parameters['filter']))
  const byZone = Map.groupBy(items, ({ zone }) => `zones/${last(zone)}`)
  const zones = project.regions.flatMap(({ zones: names }) => names.map((name) => `zones/${name}`))
  const scopes = zones.map((scope) => {
    const here = byZone.get(scope)
    const empty = {
      warning: { code: 'NO_RESULTS_ON_PAGE', message: `There are no results for scope '${scope}' on this page.` },
    }
    return [scope, here ? { [field]: here } : empty]
  })
  return {
    kind: `compute#${field.slice(0, -1)}AggregatedList`,
    items: Object.fromEntries(scopes) as object,
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    selfLink: project.link('aggregated'),
  }
}

function cut<T>(
  project: Project,
  parameters: Record<string, string>,
  all: readonly T[],
): { items: T[]; nextPageToken?: string } {
  const size = Math.min(project.settings.pageSize ?? 50, Number(parameters['maxResults'] ?? 500))
  const begin = Number(parameters['pageToken'] ?? 0)
  if (!Number.isInteger(begin)) throw invalid('pageToken', `'${parameters['pageToken']}'`)
  const items = all.slice(begin, begin + size)
  return { items, ...(begin + size < all.length ? { nextPageToken: String(begin + size) } : {}) }
}

export { cardsOf, disksOf }
