import { randomBytes } from 'node:crypto'
import { afterAll, vi } from 'vitest'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/azure/manifest.ts'
import type { Session } from '../../src/platforms/session.ts'
import { MemoryBackend } from '../../src/simulate/memory/memory-backend.ts'
import { startAzure } from '../../src/simulate/azure/simulator.ts'
import type { Simulator } from '../../src/simulate/simulator.ts'
import { lxdBackend } from '../live/simulate/lxd-backend.ts'
import { describePlatform } from './platform-contract.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const { backend, missing } = await lxdBackend()
let simulator: Simulator | undefined
const options = async (): Promise<PlatformOptions<'azure'>> => {
  simulator ??= backend && (await startAzure({ backend, images: { 'debian-13': 'debian-13' } }))
  return { ...simulator?.options }
}
afterAll(async () => {
  await simulator?.[Symbol.asyncDispose]()
})

describePlatform('azure', {
  manifest,
  image: 'debian-13',
  skip: missing,
  // Every boot costs this host some seconds.
  dear: true,
  open: async () => await openPlatform('azure', await options()),
  errors: {
    'not-found': () => inSession((session) => session.attach('no-group/no-such-machine')),
    conflict: () =>
      inSession(async (session) => {
        const name = `conflict-${randomBytes(4).toString('hex')}`
        await using first = await session.launch({ image: 'debian-13', name })
        // Names are told apart by resource group, and each run has its own.
        const group = first.id.split('/')[0] ?? ''
        await using other = await openPlatform('azure', { ...(await options()), 'resource-group': group })
        await other.launch({ image: 'debian-13', name: first.name })
      }),
    auth: async () => {
      await using other = await startAzure({ backend: new MemoryBackend(), images: {}, principals: {} })
      await using session = await openPlatform('azure', { ...other.options })
      await session.resolveImage('debian-13')
    },
  },
})

async function inSession(work: (session: Session) => Promise<unknown>): Promise<void> {
  await using session = await openPlatform('azure', await options())
  await work(session)
}
