import { randomUUID } from 'node:crypto'
import { pause } from '../../core/wait-until.ts'
import { ApiError, invalid } from './api-error.ts'
import { inGroup, listOf, objectOf, textOf } from './call.ts'
import type { Call, Route } from './call.ts'
import { merged, update } from './machine-change.ts'
import { createParts, removeParts } from './machine-parts.ts'
import { readMachine } from './machine-body.ts'
import type { MachineProperties } from './machine-body.ts'
import { findSize } from './sizes.ts'
import { shown, vmId } from './machine-view.ts'
import type { Entry, Json, Outcome, World } from './world.ts'

const PATH = inGroup('Microsoft.Compute/virtualMachines')
const INTERRUPT_MS = 200

export const machineRoutes: readonly Route[] = [
  { method: 'PUT', path: PATH, operation: 'virtualMachines.put', act: put },
  {
    method: 'GET',
    path: PATH,
    operation: 'virtualMachines.get',
    act: ({ world, id, query }) => ({ status: 200, body: shown(world.find(id), query.get('$expand') ?? '') }),
  },
  { method: 'DELETE', path: PATH, operation: 'virtualMachines.delete', act: remove },
  { method: 'GET', path: `${PATH}/instanceView`, operation: 'virtualMachines.instanceView', act: instanceView },
  power('start', async (world, machine) => {
    if (machine.power === 'running') return
    if (world.strikes('stockout', machine.data.location)) throw allocationFailed(machine)
    await world.settings.backend.start(vmId(machine))
    machine.power = 'running'
    await tellAddresses(world, machine)
  }),
  power('deallocate', async (world, machine) => await stop(world, machine, 'deallocated', false)),
  power(
    'powerOff',
    async (world, machine, query) => await stop(world, machine, 'stopped', query.get('skipShutdown') === 'true'),
  ),
  power('restart', async (world, machine) => {
    if (machine.power !== 'running')
      throw new ApiError(409, 'OperationNotAllowed', 'Operation restart is not allowed on a machine that is off.')
    await world.settings.backend.reboot(vmId(machine))
  }),
  {
    method: 'POST',
    path: `${PATH}/retrieveBootDiagnosticsData`,
    operation: 'virtualMachines.retrieveBootDiagnosticsData',
    act: ({ world, id }) => {
      const machine = world.find(parentOf(id))
      const diagnostics = objectOf(objectOf(machine.data.properties['diagnosticsProfile'])['bootDiagnostics'])
      if (diagnostics['enabled'] !== true)
        throw new ApiError(409, 'BootDiagnosticsNotEnabled', 'Boot diagnostics are not enabled.')
      const word = randomUUID()
      world.consoles.set(word, vmId(machine))
      const url = `${world.endpoint}/blobs/console/${word}?sv=2023-11-03&sig=${word}`
      return { status: 200, body: { serialConsoleLogBlobUri: url, consoleScreenshotBlobUri: `${url}&screenshot=1` } }
    },
  },
]

function put(call: Call): Outcome {
  const { world, body, id, at } = call
  const present = world.entries.get(id.toLowerCase())
  const given = objectOf(body['properties'])
  const wanted = readMachine(withoutAnswers(present ? merged(present.data.properties, given) : given))
  return present ? update(call, present, wanted) : create(world, at['group'] ?? '', id, body, wanted)
}

function create(
  world: World,
  group: string,
  id: string,
  body: Record<string, unknown>,
  wanted: MachineProperties,
): Outcome {
  world.group(group)
  const location = textOf(body['location'])
  const size = wanted.hardwareProfile.vmSize
  if (!findSize(size)) throw invalid(`The value ${size} provided for the VM size is not valid.`)
  checkReferences(world, wanted)
  const running = [...world.entries.values()].filter(({ power: on }) => on !== undefined).length
  const limit = world.settings.quota ?? 100_000
  if (running >= limit || world.strikes('quota', location, size))
    throw new ApiError(
      409,
      'OperationNotAllowed',
      `Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Limit: ${limit}`,
    )
  const { entry } = world.put(
    id,
    group,
    { location, tags: objectOf(body['tags']) as Record<string, string>, ...zonesOf(body) },
    {
      ...wanted,
      vmId: world.uuid(),
      provisioningState: 'Creating',
      timeCreated: new Date().toISOString(),
    },
  )
  entry.power = 'creating'
  entry.devices = new Map()
  createParts(world, entry, wanted)
  const operation = world.begin(entry, async () => {
    try {
      await boot(world, entry, wanted)
    } catch (error) {
      // The machine stays, as one that failed: whoever asked for it has to remove it.
      entry.data.properties['provisioningState'] = 'Failed'
      throw error
    }
  })
  return { status: 201, body: shown(entry), operation }
}

/** What a machine is plugged into has to be there. */
function checkReferences(world: World, wanted: MachineProperties): void {
  for (const { properties } of wanted.networkProfile.networkInterfaceConfigurations ?? []) {
    const subnets = properties.ipConfigurations.map((one) => one.properties.subnet.id)
    const known = (id: string) => world.entries.has(id.replace(/\/subnets\/[^/]+$/, '').toLowerCase())
    const missing = subnets.find((id) => !/\/subnets\/[^/]+$/.test(id) || !known(id))
    const group = properties.networkSecurityGroup?.id
    if (missing !== undefined || (group !== undefined && !world.entries.has(group.toLowerCase())))
      throw new ApiError(
        400,
        'InvalidResourceReference',
        `Resource ${missing ?? group} referenced by the machine was not found.`,
      )
  }
}

async function boot(world: World, entry: Entry, wanted: MachineProperties): Promise<void> {
  const { pendingMs = 300, backend, images } = world.settings
  const { location, zones } = entry.data
  const size = wanted.hardwareProfile.vmSize
  await pause(pendingMs / 2)
  if (world.strikes('stockout', location, zones?.[0] && `${location}-${zones[0]}`, size)) throw allocationFailed(entry)
  if (world.strikes('async-failure', location, size))
    throw new ApiError(500, 'InternalExecutionError', 'An internal execution error occurred. Please retry later.')
  const reference = wanted.storageProfile.imageReference ?? {}
  const own = reference.id === undefined ? undefined : world.find(reference.id).boots
  const user = wanted.osProfile?.adminUsername ?? 'azureuser'
  await backend.launch({
    id: vmId(entry),
    cloud: 'azure',
    image: own ?? images[`${reference.offer}`] ?? Object.values(images)[0] ?? 'debian-13',
    document: {
      id: vmId(entry),
      uuid: vmId(entry),
      hostname: wanted.osProfile?.computerName ?? entry.data.name,
      instanceType: size,
      region: location,
      zone: zones?.[0] ?? '1',
      imageId: reference.offer ?? 'image',
      account: world.subscription,
      user,
      sshKeys: (wanted.osProfile?.linuxConfiguration?.ssh?.publicKeys ?? [])
        .filter(({ path }) => path === `/home/${user}/.ssh/authorized_keys`)
        .map(({ keyData }) => keyData),
      tags: entry.data.tags ?? {},
      ...(wanted.userData === undefined ? {} : { userData: wanted.userData, userDataBase64: true }),
    },
    disks: (wanted.storageProfile.dataDisks ?? []).map(({ diskSizeGB }) => diskSizeGB ?? 1),
    nics: wanted.networkProfile.networkInterfaceConfigurations?.length ?? 1,
  })
  await tellAddresses(world, entry)
  await pause(pendingMs / 2)
  entry.power = 'running'
  entry.data.properties['provisioningState'] = 'Succeeded'
  takeAway(world, entry)
}

function remove({ world, id }: Call): Outcome {
  const machine = world.entries.get(id.toLowerCase())
  if (!machine) return { status: 204 }
  return { status: 202, operation: world.begin(machine, async () => await destroy(world, machine)) }
}

/** The end of a machine, and of what goes with it. */
export async function destroy(world: World, machine: Entry): Promise<void> {
  machine.power = 'deleting'
  await world.settings.backend.destroy(vmId(machine))
  removeParts(world, machine)
  world.remove(machine.data.id)
}

function instanceView({ world, id }: Call): Outcome {
  const machine = world.find(parentOf(id))
  const state = textOf(machine.data.properties['provisioningState'])
  return {
    status: 200,
    body: {
      computerName: objectOf(machine.data.properties['osProfile'])['computerName'],
      hyperVGeneration: 'V2',
      statuses: [
        {
          code: `ProvisioningState/${state.toLowerCase()}`,
          level: state === 'Failed' ? 'Error' : 'Info',
          displayStatus: state === 'Creating' ? 'Creating' : `Provisioning ${state.toLowerCase()}`,
          time: machine.data.properties['timeCreated'],
        },
        ...(machine.power === 'creating'
          ? []
          : [{ code: `PowerState/${machine.power}`, level: 'Info', displayStatus: `VM ${machine.power}` }]),
      ],
    },
  }
}

function power(action: string, run: (world: World, machine: Entry, query: URLSearchParams) => Promise<void>): Route {
  return {
    method: 'POST',
    path: `${PATH}/${action}`,
    operation: `virtualMachines.${action}`,
    act: ({ world, id, query }) => {
      const machine = world.find(parentOf(id))
      return { status: 202, operation: world.begin(machine, async () => await run(world, machine, query)) }
    },
  }
}

async function stop(world: World, machine: Entry, end: string, force: boolean): Promise<void> {
  if (machine.power === 'running') await world.settings.backend.stop(vmId(machine), { force })
  machine.power = end
}

/** Cards and addresses tell where the guest really is. */
async function tellAddresses(world: World, machine: Entry): Promise<void> {
  const nics = await world.settings.backend.nics(vmId(machine))
  listOf(objectOf(machine.data.properties['networkProfile'])['networkInterfaces']).forEach((reference, index) => {
    const card = world.entries.get(textOf(reference['id']).toLowerCase())
    const address = nics[index]?.ipv4.address
    for (const one of listOf(card?.data.properties['ipConfigurations'])) {
      const properties = objectOf(one['properties'])
      properties['privateIPAddress'] = address
      const outer = world.entries.get(textOf(objectOf(properties['publicIPAddress'])['id']).toLowerCase())
      if (outer) outer.data.properties['ipAddress'] = address
    }
  })
}

function takeAway(world: World, machine: Entry): void {
  if (machine.data.properties['priority'] !== 'Spot' || !world.strikes('interrupt', machine.data.location)) return
  machine.work = machine.work.then(async () => {
    await pause(INTERRUPT_MS)
    await stop(world, machine, 'deallocated', true)
  })
}

function allocationFailed({ data }: Entry): ApiError {
  const code = data.zones === undefined ? 'AllocationFailed' : 'ZonalAllocationFailed'
  return new ApiError(
    409,
    code,
    'Allocation failed. We do not have sufficient capacity for the requested VM size in this region.',
  )
}

function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'))
}

function zonesOf(body: Record<string, unknown>): { zones?: string[] } {
  return Array.isArray(body['zones']) ? { zones: body['zones'].map(textOf) } : {}
}

/** Clients send back what they read; what only the server says is passed over. */
function withoutAnswers(properties: Json): Json {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !ANSWERS.has(name)))
}

const ANSWERS: ReadonlySet<string> = new Set(['vmId', 'provisioningState', 'timeCreated', 'instanceView'])
