import { randomBytes } from 'node:crypto'
import { HarnessError } from '../../src/core/errors.ts'
import { manifest } from '../../src/platforms/lxd/manifest.ts'
import { loadPlatform, openPlatform } from '../../src/platforms/open-platform.ts'
import type { Session } from '../../src/platforms/session.ts'
import { describePlatform } from './platform-contract.ts'

const image = process.env.HARNESS_TEST_IMAGE ?? 'debian-13'

describePlatform('lxd', {
  manifest,
  image,
  skip: await whyNot(),
  open: () => openPlatform('lxd', {}),
  errors: {
    'not-found': () => inSession((session) => session.attach('no-such-machine')),
    conflict: () =>
      inSession(async (session) => {
        const name = `conflict-${randomBytes(4).toString('hex')}`
        await using first = await session.launch({ image, name })
        await session.launch({ image, name: first.name, owner: { ...session.owner, runId: 'another-run' } })
      }),
  },
})

async function inSession(work: (session: Session) => Promise<unknown>): Promise<void> {
  await using session = await openPlatform('lxd', {})
  await work(session)
}

/** What `harness doctor` says is missing, with the command that fixes it. */
async function whyNot(): Promise<string | undefined> {
  try {
    const missing = (await (await loadPlatform('lxd')).doctor({})).filter((prerequisite) => !prerequisite.ok)
    const [first] = missing
    return first && `${first.detail}: ${first.fix ?? 'run harness doctor'}`
  } catch (error) {
    return error instanceof HarnessError ? `${error.message}: ${error.hint ?? 'run harness doctor'}` : String(error)
  }
}
