import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PrerequisiteError } from '../../../src/core/errors.ts'
import { LedgerFile } from '../../../src/platforms/ledger-file.ts'
import { identify, isAlive } from '../../../src/platforms/process-identity.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'

let folder: string
const before = process.env['HARNESS_STATE_DIR']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-test-'))
  process.env['HARNESS_STATE_DIR'] = folder
})
afterEach(() => {
  if (before === undefined) delete process.env['HARNESS_STATE_DIR']
  else process.env['HARNESS_STATE_DIR'] = before
  rmSync(folder, { recursive: true })
})

const intent = (name: string) => ({
  platform: 'fake',
  kind: 'machine' as const,
  name,
  owner: { runId: 'r1', cell: 'c', attempt: 1, expires: '2999-01-01T00:00:00.000Z' },
})

test('an intent is on disk when its call returns, and what was not destroyed is found by a reader', async () => {
  const ledger = await LedgerFile.create('r1')
  await ledger.platform('fake', { speed: 1 })
  const first = await ledger.intend(intent('one'))
  expect(readFileSync(ledger.path, 'utf8')).toContain('"one"')
  const second = await ledger.intend(intent('two'))
  await first.created('id-1')
  await second.created('id-2')
  await second.destroyed()
  await second.destroyed()
  const [state] = await readLedgers()
  expect(state?.open).toEqual([{ intent: intent('one'), id: 'id-1' }])
  expect(state?.alive).toBe(true)
  expect(state?.platforms.get('fake')).toEqual([{ speed: 1 }])
  expect(ledger.remaining).toEqual([intent('one')])
  await ledger.close()
  expect(existsSync(ledger.path)).toBe(true)
})

test('a ledger with nothing left is removed, many writers share it, and a run id is taken once', async () => {
  const ledger = await LedgerFile.create('r2')
  await expect(LedgerFile.create('r2')).rejects.toBeInstanceOf(PrerequisiteError)
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const entry = await ledger.intend(intent(`m${index}`))
      await entry.created(String(index))
      await entry.destroyed()
    }),
  )
  expect(readFileSync(ledger.path, 'utf8').trim().split('\n')).toHaveLength(601)
  await ledger.close()
  expect(existsSync(ledger.path)).toBe(false)
})

test('a line cut in the middle is ignored', async () => {
  const ledger = await LedgerFile.create('r3')
  await ledger.intend(intent('one'))
  appendFileSync(ledger.path, '{"type":"created","n":1,"i')
  expect((await readLedgers())[0]?.open).toEqual([{ intent: intent('one'), id: undefined }])
  await ledger.close()
})

test('a process is the same only with its pid, start time, kernel boot and host', async () => {
  const self = identify()
  if (!self) throw new Error('no identity')
  expect(isAlive(self)).toBe(true)
  expect(isAlive({ ...self, startTicks: '1' })).toBe(false)
  expect(isAlive({ ...self, bootId: 'other' })).toBe(false)
  expect(isAlive({ ...self, host: 'elsewhere' })).toBe('unknown')
  const child = spawn('true')
  await new Promise((resolve) => child.on('exit', resolve))
  expect(identify(child.pid)).toBeUndefined()
})
