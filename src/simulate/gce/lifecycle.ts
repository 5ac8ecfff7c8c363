import { pause } from '../../core/wait-until.ts'
import type { DocumentChange } from '../../imds/document.ts'
import { ApiError } from './api-error.ts'
import type { Machine, Project, Resource } from './project.ts'
import { textOf } from './text-of.ts'

interface Item {
  key?: string
  value?: string
}
interface Card {
  name?: string
  network?: string
  networkIP?: string
  accessConfigs?: { natIP?: string }[]
  ipv6AccessConfigs?: { externalIpv6?: string }[]
  [key: string]: unknown
}
interface Scheduling {
  provisioningModel?: string
  instanceTerminationAction?: string
  maxRunDuration?: { seconds?: string }
}

/** Boots what was ordered; resolves when the machine runs. @throws ApiError as the operation then ends */
export async function boot(project: Project, machine: Machine): Promise<void> {
  const { data, zone } = machine
  const { backend, pendingMs = 300 } = project.settings
  const type = last(data['machineType'])
  const where = [zone, zone.replace(/-[a-z]$/, ''), type]
  await pause(pendingMs / 2)
  if (project.strikes('stockout', ...where)) {
    const message = `The zone '${zone}' does not have enough resources available to fulfill the request. Try a different zone, or try again later.`
    throw new ApiError(503, 'ZONE_RESOURCE_POOL_EXHAUSTED', message)
  }
  if (project.strikes('async-failure', ...where))
    throw new ApiError(500, 'INTERNAL_ERROR', 'Internal error. Please try again or contact Google Support.')
  data['status'] = 'STAGING'
  const bootDisk = disksOf(data).find(({ boot: first }) => first)
  const image = project.boots.get(
    imagePath(textOf(project.disks.get(diskKey(zone, last(bootDisk?.source)))?.['sourceImage'] ?? '')),
  )
  await backend.launch({
    id: textOf(data.id),
    cloud: 'gce',
    image: image ?? Object.values(project.settings.images)[0] ?? 'debian-13',
    document: documentOf(machine, project),
    disks: disksOf(data)
      .filter(({ boot: first }) => !first)
      .map(({ diskSizeGb }) => Number(diskSizeGb ?? 10)),
    nics: cardsOf(data).length,
    ipv6: cardsOf(data).some(({ ipv6AccessConfigs }) => (ipv6AccessConfigs ?? []).length > 0),
  })
  await pause(pendingMs / 2)
  await address(project, machine)
  data['status'] = 'RUNNING'
  data['lastStartTimestamp'] = new Date().toISOString()
  limitRuntime(project, machine)
  takeAway(project, machine)
}

/** Tells the addresses that the guest really has. */
export async function address(project: Project, { data }: Machine): Promise<void> {
  const nics = await project.settings.backend.nics(textOf(data.id))
  cardsOf(data).forEach((card, index) => {
    const nic = nics[index]
    if (!nic) return
    card.networkIP = nic.ipv4.address
    for (const config of card.accessConfigs ?? []) config.natIP = nic.ipv4.address
    for (const config of card.ipv6AccessConfigs ?? []) config.externalIpv6 = nic.ipv6?.addresses[0] ?? ''
  })
}

/** The end of a machine: its guest, and the disks that go with it. */
export async function end(project: Project, machine: Machine): Promise<void> {
  clearTimeout(machine.deleteTimer)
  const { data, zone } = machine
  data['status'] = 'STOPPING'
  await project.settings.backend.destroy(textOf(data.id))
  for (const disk of disksOf(data)) {
    const key = diskKey(zone, textOf(last(disk.source)))
    if (disk.autoDelete) project.disks.delete(key)
    else if (project.disks.has(key)) Reflect.deleteProperty(project.disks.get(key) ?? {}, 'users')
  }
  project.machines.delete(`${zone}/${data.name}`)
}

/** A machine that may only run so long is ended by the platform. */
function limitRuntime(project: Project, machine: Machine): void {
  const scheduling = machine.data['scheduling'] as Scheduling | undefined
  const seconds = Number(scheduling?.maxRunDuration?.seconds ?? 0)
  if (seconds <= 0) return
  clearTimeout(machine.deleteTimer)
  const over = () => {
    const action = scheduling?.instanceTerminationAction === 'STOP' ? stopMachine : end
    machine.work = machine.work.then(() => action(project, machine)).catch(() => undefined)
  }
  machine.deleteTimer = setTimeout(over, Math.min(seconds * 1000, 2 ** 31 - 1))
  machine.deleteTimer.unref()
}

/** A spot machine is stopped or deleted, as it was asked for, and an operation tells of it. */
function takeAway(project: Project, machine: Machine): void {
  const { data, zone } = machine
  const scheduling = data['scheduling'] as Scheduling | undefined
  if (scheduling?.provisioningModel !== 'SPOT' || !project.strikes('interrupt', zone, last(data['machineType']))) return
  const act = async () => {
    await pause(INTERRUPT_MS)
    const owner = {
      project: last(data.selfLink.split('/zones/')[0]),
      zone,
      type: 'compute.instances.preempted',
      target: data.selfLink,
    }
    project.operate(owner, async () => {
      const action = scheduling.instanceTerminationAction === 'DELETE' ? end : stopMachine
      await action(project, machine)
    })
  }
  machine.work = machine.work.then(act).catch(() => undefined)
}

const INTERRUPT_MS = 200

export async function stopMachine(project: Project, machine: Machine): Promise<void> {
  machine.data['status'] = 'STOPPING'
  await project.settings.backend.stop(textOf(machine.data.id))
  markStopped(machine)
}

export function markStopped({ data }: Machine): void {
  data['status'] = 'TERMINATED'
  data['lastStopTimestamp'] = new Date().toISOString()
  for (const card of cardsOf(data)) for (const config of card.accessConfigs ?? []) delete config.natIP
}

/** What the metadata server of the guest tells: what came over the API, and nothing else. */
function documentOf({ data, zone }: Machine, project: Project): DocumentChange {
  const items = ((data['metadata'] as { items?: Item[] } | undefined)?.items ?? []).map(
    ({ key = '', value = '' }) => [key, value] as const,
  )
  const {
    'user-data': userData,
    'user-data-encoding': encoding,
    'ssh-keys': keys = '',
    ...tags
  } = Object.fromEntries(items)
  const known = keys.split('\n').flatMap((line) => {
    const [, user = '', key = ''] = /^([a-z_][a-z0-9_-]*):((?:ssh|ecdsa)-\S+ \S+.*)$/.exec(line) ?? []
    return key === '' ? [] : [{ user, key }]
  })
  const image = project.disks.get(diskKey(zone, last(disksOf(data)[0]?.source)))?.['sourceImage']
  return {
    id: textOf(data.id),
    hostname: data.name,
    instanceType: last(data['machineType']),
    region: zone.replace(/-[a-z]$/, ''),
    zone,
    imageId: last(image) || 'image',
    account: /projects\/([^/]+)\//.exec(data.selfLink)?.[1] ?? 'project',
    user: known[0]?.user ?? 'debian',
    sshKeys: known.map(({ key }) => key),
    tags,
    ...(userData === undefined ? {} : { userData }),
    ...(encoding === 'base64' ? { userDataBase64: true } : {}),
  }
}

interface AttachedDisk {
  boot?: boolean
  autoDelete?: boolean
  deviceName?: string
  source?: string
  diskSizeGb?: string
}

export function disksOf(data: Resource): AttachedDisk[] {
  return (data['disks'] as AttachedDisk[] | undefined) ?? []
}

export function cardsOf(data: Resource): Card[] {
  return (data['networkInterfaces'] as Card[] | undefined) ?? []
}

export function diskKey(zone: string, name: string): string {
  return `${zone}/${name}`
}

/** The last word of a link. */
export function last(link: unknown): string {
  return (
    textOf(link ?? '')
      .split('/')
      .at(-1) ?? ''
  )
}

/** `projects/p/global/images/x`, however it was written. */
export function imagePath(link: string): string {
  return /projects\/[^/]+\/global\/images\/.+$/.exec(link)?.[0] ?? link
}
