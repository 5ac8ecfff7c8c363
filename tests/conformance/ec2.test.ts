import { randomInt } from 'node:crypto'
import { afterAll, vi } from 'vitest'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/ec2/manifest.ts'
import type { Session } from '../../src/platforms/session.ts'
import simulated from '../../src/simulate/ec2/simulator.ts'
import { parseFaults } from '../../src/simulate/faults.ts'
import { MemoryBackend } from '../../src/simulate/memory/memory-backend.ts'
import type { Simulator } from '../../src/simulate/simulator.ts'
import { lxdBackend } from '../live/simulate/lxd-backend.ts'
import { makeEndpoint } from '../unit/platforms/ec2/make-endpoint.ts'
import { describePlatform } from './platform-contract.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const { backend, missing } = await lxdBackend()
let simulator: Simulator | undefined
const options = async (): Promise<PlatformOptions<'ec2'>> => {
  simulator ??= backend && (await simulated.start({ backend, images: {} }))
  // The test images name their first user after the distribution, not as on EC2.
  return { ...simulator?.options, user: 'debian' }
}
afterAll(async () => {
  await simulator?.[Symbol.asyncDispose]()
  await backend?.[Symbol.asyncDispose]()
})

describePlatform('ec2', {
  manifest,
  image: 'debian-13',
  skip: missing,
  // Every boot costs this host some seconds.
  dear: true,
  open: async () => await openPlatform('ec2', await options()),
  errors: {
    'not-found': () => inSession((session) => session.attach('i-0123456789abcdef0')),
    auth: () => withFault('denied:DescribeImages'),
    quota: () => withFault('quota'),
    capacity: () => withFault('stockout'),
    unavailable: () => withFault('async-failure'),
  },
})

const sshPort = randomInt(20_000, 30_000)
const inMemory = new MemoryBackend({ bootMs: 20, agentMs: 20, sshPort })
let quick: Simulator | undefined
afterAll(async () => {
  await quick?.[Symbol.asyncDispose]()
  await inMemory[Symbol.asyncDispose]()
})

describePlatform('ec2, with machines in memory', {
  manifest,
  image: 'debian-13',
  open: async () => {
    quick ??= await simulated.start({ backend: inMemory, images: {} })
    return await openPlatform('ec2', { ...quick.options, 'ssh-port': sshPort, user: 'root' })
  },
})

const tunnelled = new MemoryBackend({ bootMs: 20, agentMs: 20, sshPort })
let closed: Simulator | undefined
afterAll(async () => {
  await closed?.[Symbol.asyncDispose]()
  await tunnelled[Symbol.asyncDispose]()
})

describePlatform('ec2, without inbound SSH, with machines in memory', {
  manifest,
  image: 'debian-13',
  open: async () => {
    if (!closed) {
      closed = await simulated.start({ backend: tunnelled, images: {} })
      await makeEndpoint(closed)
    }
    const options = { 'ssh-port': sshPort, user: 'root', access: 'tunnel', address: 'private' } as const
    return await openPlatform('ec2', { ...closed.options, ...options })
  },
})

async function inSession(work: (session: Session) => Promise<unknown>): Promise<void> {
  await using session = await openPlatform('ec2', await options())
  await work(session)
}

async function withFault(fault: string): Promise<void> {
  await using memory = new MemoryBackend()
  await using other = await simulated.start({
    backend: memory,
    images: {},
    faults: parseFaults(fault),
    pendingMs: 20,
    delayMs: 0,
  })
  await using session = await openPlatform('ec2', { ...other.options })
  await session.launch({ image: 'debian-13' })
}
