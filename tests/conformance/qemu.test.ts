import { randomBytes } from 'node:crypto'
import { vi } from 'vitest'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/qemu/manifest.ts'
import type { Session } from '../../src/platforms/session.ts'
import { testDisk } from '../live/qemu/test-disk.ts'
import { describePlatform } from './platform-contract.ts'

const MINUTES = 60_000
// A boot under emulation takes a minute or two on a host that does nothing else.
vi.setConfig({ testTimeout: 15 * MINUTES, hookTimeout: 15 * MINUTES })

/** Half of an emulated boot is work that is of no use to this contract: profiles of AppArmor, caches, housekeeping. */
const LEFT_OUT = ['apparmor', 'ldconfig', 'systemd-journal-catalog-update', 'grub-common', 'e2scrub_reap', 'man-db']
/** systemd takes parts of units from the firmware. */
const never = Buffer.from('[Unit]\nConditionPathExists=/never\n').toString('base64')
const parts = LEFT_OUT.map((name) => `value=io.systemd.credential.binary:systemd.unit-dropin.${name}.service=${never}`)
const QUICK = ['-smbios', ['type=11', ...parts].join(',')]

const disk = await testDisk()
const image = disk.path ?? ''

describePlatform('qemu', {
  manifest,
  image,
  dear: true,
  launch: { extra: { arguments: QUICK } },
  skip: disk.missing,
  open: () => openPlatform('qemu', {}),
  errors: {
    'not-found': () => inSession((session) => session.attach('no-such-machine')),
    conflict: () =>
      inSession(async (session) => {
        const name = `conflict-${randomBytes(4).toString('hex')}`
        await using first = await session.launch({ image, name })
        await session.launch({ image, name: first.name, owner: { ...session.owner, runId: 'another-run' } })
      }),
    invalid: () => inSession((session) => session.launch({ image, extra: { arguments: ['-no-such-option'] } })),
  },
})

async function inSession(work: (session: Session) => Promise<unknown>): Promise<void> {
  await using session = await openPlatform('qemu', {})
  await work(session)
}
