import { randomBytes } from 'node:crypto'
import type { PlatformErrorKind } from '../../src/core/errors.ts'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/fake/manifest.ts'
import { describePlatform } from './platform-contract.ts'
import { describeTransport } from './transport-contract.ts'

const world = randomBytes(4).toString('hex')
const kinds: PlatformErrorKind[] = [
  'auth',
  'quota',
  'capacity',
  'throttled',
  'not-found',
  'conflict',
  'unavailable',
  'invalid',
]

describePlatform('fake', {
  manifest,
  image: 'debian-13',
  open: () => openPlatform('fake', { world }),
  errors: Object.fromEntries(
    kinds.map((kind) => [
      kind,
      async () => {
        await using session = await openPlatform('fake', { world, faults: [{ at: 'launch', kind }] })
        await session.launch({ image: 'debian-13' })
      },
    ]),
  ),
})

describeTransport('fake', async () => {
  const session = await openPlatform('fake', { world: `${world}-transport`, bootMs: 0 })
  const instance = await session.launch({ image: 'debian-13' })
  return await instance.machine.connect({ deadlineMs: 1000 })
})
