import { expect, test, vi } from 'vitest'
import { pause } from '../../../../src/core/wait-until.ts'
import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { MachineSpec } from '../../../../src/simulate/backend.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import { simulated } from '../../simulate/azure/simulated.ts'

vi.setConfig({ testTimeout: 60_000 })

const IMAGE = { image: 'debian-13' }

/** Remembers what it was asked to boot. */
class Watched extends MemoryBackend {
  readonly specs: MachineSpec[] = []

  override async launch(spec: MachineSpec): Promise<void> {
    this.specs.push(spec)
    await super.launch(spec)
  }
}

test('what a launch asks for arrives at the guest, and all of it is gone afterwards', async () => {
  const backend = new Watched()
  await using world = await simulated({ backend })
  const { session } = world
  const userData = '#cloud-config\nruncmd: [true]\n'
  const instance = await session.launch({
    ...IMAGE,
    instanceType: 'Standard_D2s_v5',
    userData,
    disks: [{ sizeGiB: 3 }],
    nics: 1,
  })
  const spec = backend.specs[0]
  expect(spec?.document).toMatchObject({
    hostname: instance.name,
    instanceType: 'Standard_D2s_v5',
    region: 'westeurope',
    user: 'debian',
    userData: Buffer.from(userData).toString('base64'),
    userDataBase64: true,
    sshKeys: [session.identity.publicKey],
    tags: { 'harness-run': session.owner.runId },
  })
  expect([spec?.disks, spec?.nics]).toEqual([[3], 2])
  expect(instance.machine.placement).toBe('Standard_D2s_v5 in westeurope, on demand')
  await instance.destroy()
  await session.close()
  expect(await left(world)).toEqual([])
})

test('a zone without capacity is passed over, then a size, then a region', async () => {
  const faults = 'stockout:westeurope,stockout:Standard_B2s'
  const options = {
    zones: ['1', '2'] as ('1' | '2')[],
    'other-regions': ['northeurope'],
    'equivalent-types': { Standard_B2s: ['Standard_B1s'] },
  }
  await using world = await simulated({}, options, faults)
  const instance = await world.session.launch(IMAGE)
  expect(instance.machine.placement).toBe('Standard_B1s in northeurope, zone 1, on demand')
  expect(world.operations().filter((name) => name === 'virtualMachines.put')).toHaveLength(7)
  expect(await world.session.list()).toHaveLength(1)
  await instance.destroy()
})

test('no capacity, a quota and a refusal are told as what they are, and leave nothing', async () => {
  await using full = await simulated({}, {}, 'stockout')
  await expect(full.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'capacity', retryable: true })
  expect(await full.session.list()).toEqual([])
  await using spent = await simulated({ quota: 0 })
  await expect(spent.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'quota', retryable: false })
  await using shut = await simulated({}, {}, 'denied:virtualMachines.put')
  await expect(shut.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'auth' })
})

test('a reply that is lost makes no second machine, throttling and outages are waited out', async () => {
  const faults =
    'lost-reply:virtualMachines.put:x2,throttle:resourceSkus.list:x1,unavailable:operations.operations:x2,reset:virtualNetworks.put:x1'
  await using world = await simulated({}, {}, faults)
  await using instance = await world.session.launch(IMAGE)
  expect((await world.session.list()).map(({ id }) => id)).toEqual([instance.id])
  expect(await instance.state()).toBe('running')
})

test('an abort at any moment leaves nothing', async () => {
  await using world = await simulated({ pendingMs: 1500 })
  for (const afterMs of [0, 5, 50, 200, 400]) {
    const outcome = await world.session
      .launch({ ...IMAGE, signal: AbortSignal.timeout(afterMs) })
      .catch((error: unknown) => error)
    expect(outcome).toMatchObject({ name: 'CancelledError' })
  }
  await pause(500)
  expect((await world.session.resources({})).filter(({ kind }) => kind !== 'network')).toEqual([])
})

test('a name of an earlier attempt is taken over, a name of somebody else is not', async () => {
  await using world = await simulated({}, { 'resource-group': 'shared' })
  await fetchPut(world.simulator, 'shared')
  const { session } = world
  const owner = { ...session.owner, cell: 'cell' }
  const first = await session.launch({ ...IMAGE, name: 'h-one', owner })
  const second = await session.launch({ ...IMAGE, name: 'h-one', owner: { ...owner, attempt: 2 } })
  expect(second.id).toBe(first.id)
  expect(await session.list()).toHaveLength(1)
  await expect(session.launch({ ...IMAGE, name: 'h-one', owner: { ...owner, runId: 'other' } })).rejects.toMatchObject({
    kind: 'conflict',
  })
  expect(await session.list()).toHaveLength(1)
  await second.destroy()
})

test('a spot machine that is taken away is a matter of capacity, and the next attempt is on demand', async () => {
  await using world = await simulated({}, { market: 'spot' }, 'interrupt:x1')
  const { session } = world
  const instance = await session.launch({ ...IMAGE, name: 'h-spot' })
  expect(instance.machine.placement).toContain('spot')
  await pause(500)
  await expect(instance.state()).rejects.toMatchObject({ kind: 'capacity', retryable: true })
  const again = await session.launch({ ...IMAGE, name: 'h-spot-2', owner: { ...session.owner, attempt: 2 } })
  expect(again.machine.placement).toContain('on demand')
  await instance.destroy()
  await again.destroy()
})

test('a launch without user-data brings the timer by which the guest ends itself; user-data of a test are left alone', async () => {
  const backend = new Watched()
  await using world = await simulated({ backend })
  await using _one = await world.session.launch(IMAGE)
  await using _two = await world.session.launch({ ...IMAGE, userData: '#!/bin/sh\n' })
  const [first = '', second = ''] = backend.specs.map(({ document }) =>
    Buffer.from(document.userData ?? '', 'base64').toString(),
  )
  expect(first).toMatch(/^#cloud-boothook\n[\s\S]*poweroff/)
  expect(second).toBe('#!/bin/sh\n')
})

test('a size that cannot run the image is refused before anything is made', async () => {
  await using world = await simulated()
  const launch = (more: object) => world.session.launch({ ...IMAGE, ...more })
  await expect(launch({ instanceType: 'Standard_B2pts_v2' })).rejects.toThrow('it is arm64')
  await expect(launch({ instanceType: 'Standard_None' })).rejects.toMatchObject({ kind: 'not-found' })
  await expect(launch({ nics: 5 })).rejects.toThrow('at most 3 network cards, not 6')
  await expect(launch({ userData: 'x'.repeat(65_537) })).rejects.toThrow('65537 bytes are more than the 65536')
  await expect(launch({ vendorData: 'x' })).rejects.toMatchObject({ name: 'UnsupportedError' })
  expect(world.operations()).not.toContain('virtualMachines.put')
})

async function left(world: Awaited<ReturnType<typeof simulated>>) {
  await using other = await openPlatform('azure', { ...world.simulator.options })
  return await other.resources({})
}

/** A resource group that somebody made before. */
async function fetchPut(simulator: { options: Readonly<Record<string, unknown>> }, group: string): Promise<void> {
  const { AzureClient } = await import('../../../../src/platforms/azure/client.ts')
  const { parseOptions } = await import('../../../../src/platforms/azure/options.ts')
  const client = await AzureClient.open(parseOptions(simulator.options))
  await client.putGroup(group, { location: 'westeurope' }, { deadlineMs: 5000 })
}
