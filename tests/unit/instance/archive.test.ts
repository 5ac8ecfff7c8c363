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

test('an index that is expired is used, and told', async () => {
  const dates = ['Fri, 06 Nov 2020 12:00:00 UTC', 'Fri, 06 Nov 2120 12:00:00 UTC']
  const stdout = ['Reading package lists...', ...dates.map((date) => `valid until ${date}`), ''].join('\n')
  const done = { command: 'apt-get .*Check-Valid-Until=false update', stdout, exitCode: 0 }
  await using session = await openPlatform('fake', { world: 'archive-age', answers: [done], ledger: UNWRITTEN })
  await using instance = await session.launch({ image: 'debian-13' })
  await instance.waitUntilReady()
  const notes: string[] = []
  await refreshArchive(instance, { deadlineMs: 5000, onNote: (line) => notes.push(line) })
  expect(notes).toEqual([expect.stringContaining('expired (since Fri, 06 Nov 2020 12:00:00 UTC)')])
})
