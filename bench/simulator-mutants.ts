// Breaks answers of a simulated cloud on purpose, one by one, and looks whether the life of a machine notices.
// `node bench/simulator-mutants.ts [gce|azure]`. Exits with 1 when an answer that was broken was not noticed.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import type { Session } from '../src/platforms/session.ts'
import { startAzure } from '../src/simulate/azure/simulator.ts'
import { startGce } from '../src/simulate/gce/simulator.ts'
import { MemoryBackend } from '../src/simulate/memory/memory-backend.ts'

// What broken answers leave in ledgers must not be looked for by the sweeps of this host.
const ledgers = mkdtempSync(join(tmpdir(), 'mutants-'))
process.env['HARNESS_STATE_DIR'] = ledgers
process.on('exit', () => rmSync(ledgers, { recursive: true, force: true }))

const SLOWEST_MS = 30_000

type Json = Record<string, unknown>

interface Mutant {
  /** Operation whose answers are broken, and how. */
  on: string
  does: string
  change: (answer: Json) => unknown
}

/** An answer with something else at a path; undefined takes it away. */
const set =
  (path: string, value: unknown) =>
  (answer: Json): Json => {
    const copy = structuredClone(answer)
    const keys = path.split('.')
    let at: Json = copy
    for (const key of keys.slice(0, -1)) at = (at[key] ?? {}) as Json
    const last = keys.at(-1) ?? ''
    if (value === undefined) delete at[last]
    else at[last] = value
    return copy
  }

const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  gce: [
    { on: 'images.getFromFamily', does: 'another name', change: set('name', 'no-such-image') },
    { on: 'images.getFromFamily', does: 'another architecture', change: set('architecture', 'ARM64') },
    { on: 'machineTypes.get', does: 'another architecture', change: set('architecture', 'ARM64') },
    { on: 'machineTypes.get', does: 'hardly any disks', change: set('maximumPersistentDisks', 1) },
    { on: 'regions.get', does: 'no zones', change: set('zones', []) },
    { on: 'regions.get', does: 'zones that are none', change: set('zones', ['zones/us-central1-x']) },
    { on: 'instances.insert', does: 'no name of the operation', change: set('name', undefined) },
    { on: 'instances.insert', does: 'done before it is', change: set('status', 'DONE') },
    {
      on: 'instances.insert',
      does: 'an error',
      change: (a) => ({ ...a, status: 'DONE', error: { errors: [{ code: 'QUOTA_EXCEEDED', message: 'x' }] } }),
    },
    {
      on: 'zoneOperations.wait',
      does: 'an error',
      change: (a) => ({ ...a, error: { errors: [{ code: 'INTERNAL_ERROR', message: 'x' }] } }),
    },
    { on: 'zoneOperations.wait', does: 'never done', change: set('status', 'RUNNING') },
    { on: 'globalOperations.wait', does: 'never done', change: set('status', 'PENDING') },
    { on: 'instances.get', does: 'another state', change: set('status', 'STAGING') },
    { on: 'instances.get', does: 'no address', change: set('networkInterfaces', []) },
    { on: 'instances.get', does: 'no disks', change: set('disks', []) },
    { on: 'instances.get', does: 'no marks', change: set('description', '') },
    { on: 'instances.get', does: 'no start', change: set('lastStartTimestamp', undefined) },
    { on: 'instances.get', does: 'another type', change: set('machineType', 'zones/z/machineTypes/other') },
    { on: 'instances.getSerialPortOutput', does: 'no text', change: set('contents', '') },
    { on: 'instances.aggregatedList', does: 'nothing', change: set('items', {}) },
    { on: 'instances.delete', does: 'an operation that is unknown', change: set('name', 'operation-0') },
    {
      on: 'images.insert',
      does: 'an error',
      change: (a) => ({ ...a, status: 'DONE', error: { errors: [{ code: 'RESOURCE_NOT_READY', message: 'x' }] } }),
    },
    { on: 'images.list', does: 'nothing', change: set('items', []) },
    {
      on: 'images.list',
      does: 'no marks',
      change: (a) => ({ ...a, items: ((a['items'] ?? []) as Json[]).map(set('description', '')) }),
    },
    {
      on: 'disks.insert',
      does: 'an error',
      change: (a) => ({ ...a, status: 'DONE', error: { errors: [{ code: 'QUOTA_EXCEEDED', message: 'x' }] } }),
    },
  ],
  azure: [
    { on: 'virtualMachineImages.list', does: 'nothing', change: () => [] },
    { on: 'virtualMachineImages.get', does: 'another architecture', change: set('properties.architecture', 'Arm64') },
    { on: 'virtualMachineImages.get', does: 'another generation', change: set('properties.hyperVGeneration', 'V1') },
    { on: 'resourceSkus.list', does: 'nothing', change: set('value', []) },
    {
      on: 'resourceSkus.list',
      does: 'sizes that are closed',
      change: (a) => ({
        value: ((a['value'] ?? []) as Json[]).map(
          set('restrictions', [{ type: 'Location', reasonCode: 'NotAvailableForSubscription' }]),
        ),
      }),
    },
    { on: 'virtualNetworks.get', does: 'no subnet', change: set('properties.subnets', []) },
    { on: 'networkSecurityGroups.get', does: 'no id', change: set('id', undefined) },
    { on: 'virtualMachines.get', does: 'no cards', change: set('properties.networkProfile.networkInterfaces', []) },
    {
      on: 'virtualMachines.get',
      does: 'no disk',
      change: set('properties.storageProfile.osDisk.managedDisk', undefined),
    },
    {
      on: 'virtualMachines.get',
      does: 'another size',
      change: set('properties.hardwareProfile.vmSize', 'Standard_Other'),
    },
    { on: 'virtualMachines.get', does: 'another location', change: set('location', 'elsewhere') },
    {
      on: 'virtualMachines.get',
      does: 'data disks are not kept',
      change: set('properties.storageProfile.dataDisks', []),
    },
    { on: 'virtualMachines.instanceView', does: 'no state', change: set('statuses', []) },
    {
      on: 'virtualMachines.instanceView',
      does: 'another state',
      change: set('statuses', [{ code: 'PowerState/deallocated' }]),
    },
    { on: 'networkInterfaces.get', does: 'no address', change: set('properties.ipConfigurations', []) },
    { on: 'publicIPAddresses.get', does: 'another address', change: set('properties.ipAddress', '192.0.2.1') },
    {
      on: 'virtualMachines.retrieveBootDiagnosticsData',
      does: 'no console',
      change: set('serialConsoleLogBlobUri', undefined),
    },
    {
      on: 'virtualMachines.retrieveBootDiagnosticsData',
      does: 'a console that is none',
      change: set('serialConsoleLogBlobUri', 'https://127.0.0.1:1/x'),
    },
    { on: 'snapshots.get', does: 'no id', change: set('id', undefined) },
    { on: 'images.get', does: 'another generation', change: set('properties.hyperVGeneration', 'V1') },
    { on: 'resources.list', does: 'nothing', change: set('value', []) },
    {
      on: 'resources.list',
      does: 'no tags',
      change: (a) => ({ value: ((a['value'] ?? []) as Json[]).map(set('tags', {})) }),
    },
    { on: 'resourceGroups.list', does: 'nothing', change: set('value', []) },
    {
      on: 'resources.listByResourceGroup',
      does: 'something that is in use',
      change: set('value', [{ id: 'x', type: 'Microsoft.Compute/virtualMachines' }]),
    },
  ],
}

const clouds = process.argv[2] === undefined ? Object.keys(MUTANTS) : [process.argv[2]]
for (const cloud of clouds) {
  await live(cloud)
  let noticed = 0
  for (const mutant of MUTANTS[cloud] ?? []) {
    const why = await live(cloud, mutant).then(
      () => undefined,
      (error: Error) => error.message.split('\n')[0]?.slice(0, 110),
    )
    if (why !== undefined) noticed++
    else process.exitCode = 1
    console.log(
      `${why === undefined ? 'MISSED' : 'noticed'}  ${mutant.on}: ${mutant.does}${why === undefined ? '' : ` -> ${why}`}`,
    )
  }
  console.log(`${cloud}: ${noticed} of ${MUTANTS[cloud]?.length ?? 0} noticed`)
}

/** The life of a machine; rejects at the first thing that is not as it should be. */
async function live(cloud: string, mutant?: Mutant): Promise<void> {
  const tamper = (operation: string, answer: object) =>
    (mutant?.on === operation ? mutant.change(answer as Json) : answer) as object
  const settings = { backend: new MemoryBackend({ bootMs: 0, agentMs: 0 }), images: {}, pendingMs: 10, delayMs: 0 }
  const simulator =
    cloud === 'gce'
      ? await startGce({ ...settings, tamper })
      : await startAzure({ ...settings, tamper: (operation, answer) => tamper(operation, answer as object) })
  const deadline = Promise.withResolvers<never>()
  deadline.promise.catch(() => {})
  const timer = setTimeout(() => deadline.reject(new Error('it took too long')), SLOWEST_MS)
  try {
    await using session = await openPlatformNamed(cloud, { ...simulator.options }, { onWarning: () => {} })
    await Promise.race([machineLife(session, cloud), deadline.promise])
    await using other = await openPlatformNamed(cloud, { ...simulator.options })
    assert.deepEqual(await other.resources(), [], 'something is left')
  } finally {
    clearTimeout(timer)
    await simulator[Symbol.asyncDispose]()
  }
}

async function machineLife(session: Session, cloud: string): Promise<void> {
  const waiting = { deadlineMs: 5000 }
  const image = await session.resolveImage('debian-13')
  assert.equal(image.distribution, 'debian')
  const instance = await session.launch({
    image: image.id,
    boot: 'uefi',
    deadline: '15 seconds',
    userData: '#!/bin/sh\n',
    disks: [{ sizeGiB: 1 }],
  })
  const { machine } = instance
  assert.equal(await machine.state(), 'running')
  assert.match(machine.placement ?? '', cloud === 'gce' ? /^e2-small in us-central1-a/ : /^Standard_B2s in westeurope/)
  const addresses = await machine.addresses()
  assert.ok(addresses.length > 0 && addresses.every(({ address }) => address.startsWith('127.')))
  assert.match(await machine.consoleLog(), /Linux version/)
  if (cloud === 'gce') assert.ok((await machine.startMark?.())?.startsWith('20'))
  const disk = await machine.addDisk({ sizeGiB: 1 })
  const again = await session.attach(machine.id)
  assert.notEqual((await again.machine.addDisk({ sizeGiB: 1 })).id, disk.id)
  await machine.removeDisk(disk.id)
  const snapshot = await machine.snapshot('one', waiting)
  assert.equal((await session.resolveImage(snapshot.id)).id, snapshot.id)
  const listed = await session.resources({ runId: session.owner.runId })
  const kinds = new Set(listed.map(({ kind }) => kind))
  assert.ok(kinds.has('machine') && kinds.has('snapshot'), 'the list is not complete')
  if (cloud === 'azure') assert.ok(listed.some(({ id }) => id.startsWith('group/')))
  await using copy = await session.launch({ image: snapshot.id, boot: 'uefi', deadline: '15 seconds' })
  assert.equal(await copy.state(), 'running')
  await copy.destroy()
  await machine.deleteSnapshot(snapshot.id)
  await machine.stop(waiting)
  assert.equal(await machine.state(), 'stopped')
  await machine.start(waiting)
  assert.equal(await machine.state(), 'running')
  await instance.destroy()
  assert.equal(await machine.state(), 'gone')
  await session.close()
}
