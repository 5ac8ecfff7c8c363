import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { withAccountQuotas } from '../../../src/limits/account-quotas.ts'
import { claimsOf } from '../../../src/limits/quotas.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { parseFaults } from '../../../src/simulate/faults.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'
import type { Simulator, SimulatorSettings } from '../../../src/simulate/simulator.ts'

vi.setConfig({ testTimeout: 60_000 })

const start = async (cloud: string, settings: Partial<SimulatorSettings> = {}): Promise<Simulator> => {
  const kind = await loadSimulator(cloud)
  const backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  return await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0, ...settings })
}

const CLOUDS = [
  { cloud: 'ec2', region: 'eu-west-1' },
  { cloud: 'azure', region: 'westeurope' },
  { cloud: 'gce', region: 'us-central1' },
]

test.each(CLOUDS)('$cloud tells its quota, and what others use is taken off', async ({ cloud, region }) => {
  await using simulator = await start(cloud, { quota: 10 })
  const places = [{ platform: cloud, region, options: simulator.options }]
  const free = await withAccountQuotas({}, places, { lent: () => [] })
  expect(free.limits[cloud]?.regions?.[region]).toEqual({ vcpus: 20, 'account-vcpus': 20 })
  expect(free.notes).toEqual([`The quota of ${cloud} in ${region}: 20 of 20 vCPUs may be used.`])
  await using session = await openPlatformNamed(cloud, simulator.options)
  const instance = await session.launch({ image: 'debian-13' })
  const others = await withAccountQuotas({ [cloud]: { machines: 5 } }, places, { lent: () => [] })
  expect(others.limits[cloud]).toEqual({
    machines: 5,
    regions: { [region]: { vcpus: 18, 'account-vcpus': 20 } },
  })
  const lent = { quota: `${cloud}/${region}/vcpus`, units: 2, runId: 'r', cell: 'c', pid: 1, host: 'h' }
  const own = await withAccountQuotas({}, places, { lent: () => [lent] })
  expect(own.limits[cloud]?.regions?.[region]?.vcpus).toBe(20)
  const demand = { platform: cloud, region, instanceType: 'x', machines: 11, vcpus: 2 }
  expect(() => claimsOf(own.limits[cloud], demand)).toThrow('needs 22 units')
  await instance.destroy()
})

test('an account is not asked where the matrix sets a limit', async () => {
  await using simulator = await start('ec2')
  const places = [
    { platform: 'ec2', region: 'eu-west-1', options: simulator.options },
    { platform: 'ec2', region: 'eu-central-1', options: simulator.options },
  ]
  const limits = { ec2: { regions: { 'eu-west-1': { vcpus: 4 }, 'eu-central-1': { vcpus: 8 } } } }
  expect(await withAccountQuotas(limits, places, { lent: () => [] })).toEqual({ limits, notes: [] })
  expect(simulator.calls).toEqual([])
})

test('an account that refuses to tell limits nothing, and people are told', async () => {
  await using simulator = await start('azure', { faults: parseFaults('denied:usage.list') })
  const places = [{ platform: 'azure', region: 'westeurope', options: simulator.options }]
  const { limits, notes } = await withAccountQuotas({}, places, { lent: () => [] })
  expect(limits).toEqual({})
  expect(notes).toEqual([expect.stringContaining('The quota of azure cannot be read, so nothing is kept within it')])
})

test('a place that never answers keeps nobody waiting', async () => {
  const mute = createServer(() => {})
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  try {
    const endpoint = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`
    const options = { endpoint, region: 'us-central1', project: 'p', 'access-token': 'simulated' }
    const places = [{ platform: 'gce', region: 'us-central1', options }]
    const { notes } = await withAccountQuotas({}, places, { deadlineMs: 1500, lent: () => [] })
    expect(notes).toEqual([expect.stringContaining('cannot be read')])
  } finally {
    mute.close()
  }
})

test('a platform without quotas is passed over', async () => {
  expect(await withAccountQuotas({}, [{ platform: 'fake', region: 'default', options: {} }])).toEqual({
    limits: {},
    notes: [],
  })
})
