import { afterAll, beforeAll } from 'vitest'
import { newSshIdentity } from '../../src/instance/ssh-keys.ts'
import { openPlatform } from '../../src/platforms/open-platform.ts'
import { manifest } from '../../src/platforms/ssh/manifest.ts'
import { freePort, noSshd, notRoot, startSshd } from '../live/ssh/sshd.ts'
import type { TestSshd } from '../live/ssh/sshd.ts'
import { describePlatform } from './platform-contract.ts'

let sshd: TestSshd
beforeAll(async () => {
  if (!(noSshd ?? notRoot)) sshd = await startSshd()
})
afterAll(async () => {
  await sshd?.[Symbol.asyncDispose]()
})

const options = () => ({
  host: '127.0.0.1',
  port: sshd.port,
  user: 'root',
  privateKey: sshd.identity.privateKey,
  hostKeys: sshd.hostKeys,
  reboot: false,
})

const launchWith = async (changes: Partial<ReturnType<typeof options>>) => {
  await using session = await openPlatform('ssh', { ...options(), ...changes })
  await session.launch({ image: 'existing' })
}

for (const transport of ['ssh2', 'openssh'] as const) {
  describePlatform(`ssh (${transport})`, {
    // This host plays the machine, so it must not be rebooted.
    manifest: { ...manifest, capabilities: manifest.capabilities.filter((capability) => capability !== 'reboot') },
    image: 'existing',
    skip: noSshd ?? notRoot,
    open: () => openPlatform('ssh', { ...options(), transport }),
    errors: {
      auth: () => launchWith({ privateKey: newSshIdentity('stranger').privateKey }),
      unavailable: async () => launchWith({ port: await freePort() }),
    },
  })
}
