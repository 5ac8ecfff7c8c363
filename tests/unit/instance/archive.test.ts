import { expect, test } from 'vitest'
import { refreshArchive } from '../../../src/instance/agent/archive.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'

const UNWRITTEN = { intend: async () => ({ created: async () => {}, destroyed: async () => {} }) }

test('the index is refreshed whether or not somebody wants to see the command', async () => {
  const refused = { command: 'apt-get .*update', stderr: 'E: refused on purpose', exitCode: 100 }
  await using session = await openPlatform('fake', { world: 'archive', answers: [refused], ledger: UNWRITTEN })
  await using instance = await session.launch({ image: 'debian-13' })
  await instance.waitUntilReady()
  await expect(refreshArchive(instance, { deadlineMs: 5000 })).rejects.toThrow(/refused on purpose/)
})
