import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { startAzure } from '../../../src/simulate/azure/simulator.ts'
import type { PolicyDocument } from '../../../src/simulate/ec2/policy.ts'
import { startEc2 } from '../../../src/simulate/ec2/simulator.ts'
import { startGce } from '../../../src/simulate/gce/simulator.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import type { Simulator } from '../../../src/simulate/simulator.ts'

vi.setConfig({ testTimeout: 60_000 })

const PLATFORMS = join(import.meta.dirname, '../../../src/platforms')
const read = (path: string): unknown => parse(readFileSync(join(PLATFORMS, path), 'utf8'))
const OWNER = { runId: 'left-behind', cell: 'c', attempt: 1, expires: '2001-01-01T00:00:00.000Z' }

const UNWRITTEN = { intend: async () => ({ created: async () => {}, destroyed: async () => {} }) }

interface Cloud {
  simulator: Simulator
  /** Options of whoever may only sweep. */
  sweeper: Record<string, unknown>
}

const CLOUDS: Record<string, (backend: MemoryBackend) => Promise<Cloud>> = {
  ec2: async (backend) => {
    const policy = read('ec2/sweep-policy.json') as PolicyDocument
    const principals = { AKIASIMULATED0000000: {}, AKIASWEEPING00000000: { policy } }
    const simulator = await startEc2({ backend, images: {}, pendingMs: 10, delayMs: 0, principals })
    return { simulator, sweeper: { 'access-key-id': 'AKIASWEEPING00000000' } }
  },
  azure: async (backend) => {
    const actions = (read('azure/sweep-role.json') as { Actions: string[] }).Actions
    const principals = { simulated: {}, sweeping: { actions } }
    const simulator = await startAzure({ backend, images: {}, pendingMs: 10, delayMs: 0, principals })
    return { simulator, sweeper: { 'access-token': 'sweeping' } }
  },
  gce: async (backend) => {
    const permissions = (read('gce/sweep-role.yaml') as { includedPermissions: string[] }).includedPermissions
    const principals = { simulated: {}, sweeping: { permissions } }
    const simulator = await startGce({
      backend,
      images: {},
      pendingMs: 10,
      delayMs: 0,
      principals,
      defaultNetwork: false,
    })
    return { simulator, sweeper: { 'access-token': 'sweeping' } }
  },
}

test.each(Object.entries(CLOUDS))(
  'who may only sweep %s removes everything of a run, and makes nothing',
  async (name, start) => {
    await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
    const { simulator, sweeper } = await start(backend)
    await using _simulator = simulator
    await using session = await openPlatformNamed(name, simulator.options, { owner: OWNER, ledger: UNWRITTEN })
    await leave(session)
    await using sweeping = await openPlatformNamed(name, { ...simulator.options, ...sweeper }, { ledger: UNWRITTEN })
    const found = await sweeping.resources()
    expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['machine', 'network', 'snapshot']))
    expect(new Set(found.map(({ runId }) => runId))).toEqual(new Set([OWNER.runId]))
    await expect(sweeping.launch({ image: 'debian-13' })).rejects.toMatchObject({ kind: 'auth' })
    for (const kind of ['machine', 'snapshot', 'disk', 'nic', 'network', 'image', 'key', 'file'])
      for (const resource of found) if (resource.kind === kind) await sweeping.remove(resource)
    expect(await session.resources()).toEqual([])
  },
)

/** What a run that is killed may leave: a machine with a disk and a card, an image, a network, a key. */
async function leave(session: Session): Promise<void> {
  const instance = await session.launch({ image: 'debian-13', owner: OWNER })
  await instance.addDisk({ sizeGiB: 1 })
  await instance.snapshot()
}
