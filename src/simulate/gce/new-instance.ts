import { ApiError, invalid, notFound } from './api-error.ts'
import { boot, end, last } from './lifecycle.ts'
import { createDisk } from './new-disk.ts'
import type { Machine, Project, Resource } from './project.ts'
import { findType } from './types.ts'
import { textOf } from './text-of.ts'

const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const MAX_METADATA = 262_144

/** What a create call brings. */
export interface NewInstance {
  name?: string
  machineType?: string
  tags?: { items?: string[] }
  metadata?: { items?: { key?: string; value?: string }[] }
  scheduling?: {
    maxRunDuration?: { seconds?: string }
    instanceTerminationAction?: string
    provisioningModel?: string
    automaticRestart?: boolean
  }
  displayDevice?: { enableDisplay?: boolean }
  disks?: {
    boot?: boolean
    autoDelete?: boolean
    deviceName?: string
    source?: string
    initializeParams?: Record<string, unknown>
  }[]
  networkInterfaces?: { network?: string; subnetwork?: string; [key: string]: unknown }[]
}

/** Makes a machine; the operation ends when it runs. */
export function insert(
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
    tags: { ...wanted.tags, fingerprint: project.id() },
    metadata: { kind: 'compute#metadata', ...wanted.metadata, fingerprint: project.id() },
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
  const name = textOf(initializeParams?.['diskName'] ?? (disk.boot ? machine : `${machine}-${index}`))
  const deviceName = disk.deviceName ?? (disk.boot ? name : `persistent-disk-${index}`)
  const made = createDisk(project, owner, zone, { name, ...initializeParams })
  made['users'] = [project.link(`projects/${owner}/zones/${zone}/instances/${machine}`)]
  return {
    ...shown,
    kind: 'compute#attachedDisk',
    index,
    deviceName,
    source: made.selfLink,
    diskSizeGb: textOf(made['sizeGb'] ?? 10),
    mode: 'READ_WRITE',
    type: 'PERSISTENT',
  }
}

/** @throws ApiError for what the API refuses at once */
export function checkNew(project: Project, zone: string, wanted: NewInstance): void {
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
    if (network !== undefined && !project.networks.has(last(network))) throw notFound(textOf(network))
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
