import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, vi } from 'vitest'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/gce/manifest.ts'
import type { Session } from '../../src/platforms/session.ts'
import { MemoryBackend } from '../../src/simulate/memory/memory-backend.ts'
import { startGce } from '../../src/simulate/gce/simulator.ts'
import type { Simulator } from '../../src/simulate/simulator.ts'
import { lxdBackend } from '../live/simulate/lxd-backend.ts'
import { describePlatform } from './platform-contract.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const { backend, missing } = await lxdBackend()
let simulator: Simulator | undefined
const options = async (): Promise<PlatformOptions<'gce'>> => {
  simulator ??= backend && (await startGce({ backend, images: { 'debian-13': 'debian-13' } }))
  return { ...simulator?.options }
}
afterAll(async () => {
  await simulator?.[Symbol.asyncDispose]()
})

describePlatform('gce', {
  manifest,
  image: 'debian-13',
  skip: missing,
  // Every boot costs this host some seconds.
  dear: true,
  open: async () => await openPlatform('gce', await options()),
  errors: {
    'not-found': () => inSession((session) => session.attach('us-central1-a/no-such-machine')),
    conflict: () =>
      inSession(async (session) => {
        const name = `conflict-${randomBytes(4).toString('hex')}`
        await using first = await session.launch({ image: 'debian-13', name })
        await session.launch({
          image: 'debian-13',
          name: first.name,
          owner: { ...session.owner, runId: 'another-run' },
        })
      }),
    auth: async () => {
      await using other = await startGce({ backend: new MemoryBackend(), images: {}, principals: {} })
      await using session = await openPlatform('gce', { ...other.options })
      await session.resolveImage('debian-13')
    },
  },
})

const sshPort = randomInt(20_000, 30_000)
const inMemory = new MemoryBackend({ bootMs: 20, agentMs: 20, sshPort })
let closed: Simulator | undefined
afterAll(async () => {
  await closed?.[Symbol.asyncDispose]()
})

describePlatform('gce, without inbound SSH, with machines in memory', {
  manifest,
  image: 'debian-13',
  open: async () => {
    closed ??= await startGce({ backend: inMemory, images: {} })
    const options = { 'ssh-port': sshPort, user: 'root', access: 'tunnel', address: 'private' } as const
    return await openPlatform('gce', { ...closed.options, ...options })
  },
})

async function inSession(work: (session: Session) => Promise<unknown>): Promise<void> {
  await using session = await openPlatform('gce', await options())
  await work(session)
}
