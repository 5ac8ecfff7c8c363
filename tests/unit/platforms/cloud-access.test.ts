import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { TransportError, UnsupportedError } from '../../../src/core/errors.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import type { PolicyDocument } from '../../../src/simulate/ec2/policy.ts'
import { startEc2 } from '../../../src/simulate/ec2/simulator.ts'
import { startGce } from '../../../src/simulate/gce/simulator.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import type { Simulator, SimulatorSettings } from '../../../src/simulate/simulator.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'
import { makeEndpoint } from './ec2/make-endpoint.ts'

vi.setConfig({ testTimeout: 60_000 })

test('azure refuses access without inbound SSH before anything is made', async () => {
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  const kind = await loadSimulator('azure')
  await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
  await using session = await openPlatformNamed('azure', { ...simulator.options, access: 'tunnel' })
  const refused = session.launch({ image: 'debian-13' })
  await expect(refused).rejects.toBeInstanceOf(UnsupportedError)
  await expect(refused).rejects.toThrow('Azure Bastion')
  expect(simulator.calls.filter(({ operation }) => /put|insert|Run|Create|Import/.test(operation))).toEqual([])
})

/** How each cloud is made ready for tunnels, and what says that one was opened. */
const CLOUDS: Readonly<
  Record<string, { start: (settings: SimulatorSettings) => Promise<Simulator>; opened: string; prepare: Prepare }>
> = {
  ec2: { start: startEc2, opened: 'OpenTunnel', prepare: makeEndpoint },
  gce: { start: startGce, opened: 'iap.connect', prepare: async () => {} },
}
type Prepare = (simulator: Simulator) => Promise<void>

describe.each(Object.keys(CLOUDS))('%s without inbound SSH', (cloud) => {
  test('a machine is reached through the service of the cloud, over boots and with much to say', async () => {
    await using world = await open(cloud)
    const { session, simulator, opened } = world
    const instance = await session.launch({ image: 'debian-13' })
    await instance.waitUntilReady({ deadline: '20 seconds' })
    const tunnels = () => simulator.calls.filter(({ operation }) => operation === opened)
    expect(tunnels().length).toBeGreaterThan(0)
    expect(new Set(tunnels().map(({ status }) => status))).toEqual(new Set([101]))
    // More than a window of the tunnel, each way.
    const bytes = randomBytes(300_000)
    await instance.writeFile('/root/much', bytes)
    expect(Buffer.compare(Buffer.from(await instance.readBytes('/root/much')), bytes)).toBe(0)
    const before = tunnels().length
    await instance.reboot({ via: 'platform', deadline: '20 seconds' })
    expect(await instance.sh`echo again`).toBe('again')
    expect(tunnels().length).toBeGreaterThan(before)
    await instance.destroy()
    await session.close()
    expect(await leftovers(world)).toEqual([])
  })

  test('a guest that does not listen is not up yet', async () => {
    await using world = await open(cloud, { bootMs: 60_000 })
    const instance = await world.session.launch({ image: 'debian-13' })
    await expect(
      instance.machine.connect({ deadlineMs: 5000, identity: world.session.identity }),
    ).rejects.toBeInstanceOf(TransportError)
  })
})

test('without an endpoint in the VPC nothing is launched, and the error tells how to make one', async () => {
  await using backend = new MemoryBackend()
  await using simulator = await startEc2({ backend, images: {}, pendingMs: 10, delayMs: 0 })
  await using session = await openPlatformNamed('ec2', { ...simulator.options, access: 'tunnel' })
  await expect(session.launch({ image: 'debian-13' })).rejects.toMatchObject({
    kind: 'not-found',
    hint: expect.stringContaining('create-instance-connect-endpoint') as string,
  })
  expect(simulator.calls.map(({ operation }) => operation)).not.toContain('RunInstances')
})

test('a caller who may open no tunnel is told so at once', async () => {
  const all = ['ec2:*', 'ebs:*', 'servicequotas:*']
  const policy: PolicyDocument = { Statement: [{ Effect: 'Allow', Action: all, Resource: '*' }] }
  const sshPort = randomInt(20_000, 30_000)
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0, sshPort })
  const principals = { AKIASIMULATED0000000: { policy } }
  await using simulator = await startEc2({ backend, images: {}, pendingMs: 10, delayMs: 0, principals })
  await makeEndpoint(simulator)
  const options = { ...simulator.options, 'ssh-port': sshPort, user: 'root', access: 'tunnel' }
  await using session = await openPlatformNamed('ec2', options)
  const instance = await session.launch({ image: 'debian-13' })
  await expect(instance.waitUntilReachable({ deadline: '20 seconds' })).rejects.toMatchObject({ kind: 'auth' })
})

async function open(cloud: string, guest: { bootMs?: number } = {}) {
  const sshPort = randomInt(20_000, 30_000)
  const backend = new MemoryBackend({ bootMs: 0, agentMs: 0, ...guest, sshPort })
  const { start, opened, prepare } = CLOUDS[cloud] ?? { start: startEc2, opened: '', prepare: makeEndpoint }
  const simulator = await start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
  await prepare(simulator)
  const options = { ...simulator.options, 'ssh-port': sshPort, user: 'root', access: 'tunnel', address: 'private' }
  const session = await openPlatformNamed(cloud, options)
  return {
    cloud,
    session,
    simulator,
    opened,
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await simulator[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

async function leftovers({ cloud, simulator }: { cloud: string; simulator: Simulator }): Promise<unknown[]> {
  await using other = await openPlatformNamed(cloud, { ...simulator.options })
  return await other.resources()
}
