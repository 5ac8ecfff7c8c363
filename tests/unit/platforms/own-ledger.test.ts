import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { ledgerDir } from '../../../src/platforms/ledger-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-ledger-'))
  vi.stubEnv('HARNESS_STATE_DIR', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const ledgers = async () => ((await readdir(folder)).includes('ledger') ? await readdir(ledgerDir()) : [])

test('a library session writes down what it makes, and forgets what is gone', async () => {
  const session = await openPlatform('fake', { world: 'own-ledger' })
  expect(await ledgers()).toEqual([])
  const instance = await session.launch({ image: 'debian-13' })
  expect(await ledgers()).toEqual([`${session.owner.runId}.jsonl`])
  await instance.destroy()
  await session.close()
  expect(await ledgers()).toEqual([])
})

test('what a session leaves stays written down', async () => {
  const session = await openPlatform('fake', { world: 'own-ledger' })
  await session.launch({ image: 'debian-13' })
  await session.close()
  expect(await ledgers()).toEqual([`${session.owner.runId}.jsonl`])
})
