import { expect, test, vi } from 'vitest'
import { pause } from '../../../../src/core/wait-until.ts'
import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../../../src/platforms/open-platform.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import type { MachineSpec } from '../../../../src/simulate/backend.ts'
import { simulated } from '../../simulate/gce/simulated.ts'

vi.setConfig({ testTimeout: 60_000 })

const IMAGE = { image: 'debian-13' }
/** For sessions of a run that another session of this process writes down. */
const UNWRITTEN = { intend: async () => ({ created: async () => {}, destroyed: async () => {} }) }

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
  const instance = await session.launch({
    ...IMAGE,
    instanceType: 'e2-medium',
    userData: '#cloud-config\nruncmd: [true]\n',
    metaData: { color: 'grün' },
    disks: [{ sizeGiB: 3 }],
    nics: 1,
  })
  const spec = backend.specs[0]
  expect(spec?.document).toMatchObject({
    hostname: instance.name,
    instanceType: 'e2-medium',
    zone: 'us-central1-a',
    user: 'debian',
    userData: '#cloud-config\nruncmd: [true]\n',
    sshKeys: [session.identity.publicKey],
    tags: { color: 'grün', 'enable-guest-attributes': 'TRUE' },
  })
  expect([spec?.disks, spec?.nics]).toEqual([[3], 2])
  expect(instance.machine.placement).toBe('e2-medium in us-central1-a, on demand')
  const made = await session.resources({ runId: session.owner.runId })
  expect(made.map(({ kind }) => kind).toSorted()).toEqual(['machine', 'network'])
  await instance.destroy()
  await session.close()
  expect(await left(world)).toEqual([])
})

test('a zone without capacity is passed over, then a type, then a region', async () => {
  const faults = 'stockout:us-central1,stockout:e2-small'
  const options = { 'other-regions': ['europe-west1'], 'equivalent-types': { 'e2-small': ['n1-standard-1'] } }
  await using world = await simulated({}, options, faults)
  const instance = await world.session.launch(IMAGE)
  expect(instance.machine.placement).toBe('n1-standard-1 in europe-west1-a, on demand')
  expect(world.operations().filter((name) => name === 'instances.insert')).toHaveLength(10)
  await instance.destroy()
})

test('no capacity anywhere, and a quota, are told as what they are', async () => {
  await using full = await simulated({}, {}, 'stockout')
  await expect(full.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'capacity', retryable: true })
  await using spent = await simulated({ quota: 0 })
  await expect(spent.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'quota', retryable: false })
  expect(spent.operations().filter((name) => name === 'instances.insert')).toHaveLength(1)
})

test('a machine that fails after it was accepted leaves nothing', async () => {
  await using world = await simulated({}, {}, 'async-failure')
  await expect(world.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await left(world)).toEqual([])
})

test('a reply that is lost makes no second machine', async () => {
  await using world = await simulated({}, {}, 'lost-reply:instances.insert:x2')
  await using instance = await world.session.launch(IMAGE)
  expect(world.operations().filter((name) => name === 'instances.insert').length).toBeGreaterThan(1)
  expect((await world.session.list()).map(({ id }) => id)).toEqual([instance.id])
})

test('throttling and outages are waited out', async () => {
  const faults = 'throttle:instances.insert:x2,unavailable:zoneOperations.wait:x2,reset:instances.get:x1'
  await using world = await simulated({}, {}, faults)
  await using instance = await world.session.launch(IMAGE)
  expect(await instance.state()).toBe('running')
})

test('what is not allowed is not tried again', async () => {
  await using world = await simulated({}, {}, 'denied:instances.insert')
  await expect(world.session.launch(IMAGE)).rejects.toMatchObject({ kind: 'auth' })
  expect(world.operations().filter((name) => name === 'instances.insert')).toHaveLength(1)
})

test('an abort at any moment leaves nothing', async () => {
  await using world = await simulated({ pendingMs: 300 })
  for (const afterMs of [0, 5, 50, 150, 280]) {
    const outcome = await world.session
      .launch({ ...IMAGE, signal: AbortSignal.timeout(afterMs) })
      .catch((error: unknown) => error)
    expect(outcome).toMatchObject({ name: 'CancelledError' })
  }
  await pause(400)
  expect(await left(world)).toEqual([])
})

test('a name of an earlier attempt is taken over, a name of somebody else is not', async () => {
  await using world = await simulated()
  const { session } = world
  const owner = { ...session.owner, cell: 'cell' }
  const first = await session.launch({ ...IMAGE, name: 'h-one', owner })
  const second = await session.launch({ ...IMAGE, name: 'h-one', owner: { ...owner, attempt: 2 } })
  expect(second.id).toBe(first.id)
  expect(await session.list()).toHaveLength(1)
  const other = { ...owner, runId: 'other' }
  await expect(session.launch({ ...IMAGE, name: 'h-one', owner: other })).rejects.toMatchObject({ kind: 'conflict' })
  expect(await session.list()).toHaveLength(1)
  await second.destroy()
})

test('what was removed after an interruption is made again under its name', async () => {
  await using world = await simulated({ defaultNetwork: false })
  const { session } = world
  const owner = { ...session.owner, cell: 'cell' }
  const first = await session.launch({ ...IMAGE, name: 'h-one', owner })
  const place = world.simulator.options as PlatformOptions<'gce'>
  await using sweeping = await openPlatform('gce', { ...place, owner, ledger: UNWRITTEN })
  for (const resource of await sweeping.resources({ runId: owner.runId })) await sweeping.remove(resource)
  await using resumed = await openPlatform('gce', { ...place, owner, ledger: UNWRITTEN })
  await using second = await resumed.launch({ ...IMAGE, name: 'h-one', owner })
  expect(second.id).toBe(first.id)
  expect(await second.state()).toBe('running')
})

test('a machine that nobody destroys is deleted by the platform', async () => {
  const backend = new Watched()
  await using world = await simulated({ backend })
  const { session } = world
  await session.launch({ ...IMAGE, name: 'h-forgotten' })
  const call = await fetch(
    `${world.simulator.endpoint}/compute/v1/projects/p/zones/us-central1-a/instances/h-forgotten`,
    {
      headers: { authorization: 'Bearer x' },
    },
  )
  const { scheduling } = (await call.json()) as { scheduling: { maxRunDuration: { seconds: string } } }
  expect(scheduling).toMatchObject({ instanceTerminationAction: 'DELETE' })
  const seconds = Number(scheduling.maxRunDuration.seconds)
  const until = (Date.parse(session.owner.expires) - Date.now()) / 1000
  expect(seconds).toBeGreaterThan(until)
  expect(seconds).toBeLessThan(until + 1000)
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

test('a project without networks gets one for the run, with a rule for SSH, and both go', async () => {
  await using world = await simulated({ defaultNetwork: false }, { 'ssh-from': ['192.0.2.0/24'] })
  const { session } = world
  const instance = await session.launch(IMAGE)
  const kinds = (await session.resources({ runId: session.owner.runId })).map(
    ({ kind, id }) => `${kind} ${id.split('/')[0]}`,
  )
  expect(kinds.filter((kind) => kind.startsWith('network'))).toHaveLength(2)
  await instance.destroy()
  await session.close()
  expect(await left(world)).toEqual([])
})

test('a type that cannot run the image is refused before anything is made', async () => {
  await using world = await simulated()
  const launch = (more: object) => world.session.launch({ ...IMAGE, ...more })
  await expect(launch({ instanceType: 't2a-standard-1' })).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining('it is arm64') as string,
  })
  await expect(launch({ instanceType: 'no-such-type' })).rejects.toMatchObject({ kind: 'not-found' })
  await expect(launch({ nics: 5 })).rejects.toThrow('at most 2 network cards, not 6')
  await expect(launch({ userData: 'x'.repeat(262_145) })).rejects.toThrow('262145 bytes is more than the 262144')
  await expect(launch({ vendorData: 'x' })).rejects.toMatchObject({ name: 'UnsupportedError' })
  expect(world.operations()).not.toContain('instances.insert')
})

async function left(world: Awaited<ReturnType<typeof simulated>>) {
  const { openPlatform } = await import('../../../../src/platforms/open-platform.ts')
  await using other = await openPlatform('gce', { ...world.simulator.options })
  return await other.resources({})
}
