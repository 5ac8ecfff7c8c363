import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { findForgettable, forget } from '../../../src/platforms/forget-ledgers.ts'
import { ledgerDir, LedgerFile } from '../../../src/platforms/ledger-file.ts'
import { withCredentials, withoutCredentials } from '../../../src/platforms/option-credentials.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import { sweep } from '../../../src/runner/sweep/sweep.ts'

let folder: string
const before = process.env['HARNESS_STATE_DIR']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forget-test-'))
  process.env['HARNESS_STATE_DIR'] = folder
})
afterEach(() => {
  if (before === undefined) delete process.env['HARNESS_STATE_DIR']
  else process.env['HARNESS_STATE_DIR'] = before
  rmSync(folder, { recursive: true })
})

const GONE = 'http://127.0.0.1:9'
const KEYS = { 'access-key-id': 'AKIASIMULATED0000000', 'secret-access-key': 'simulated-and-secret' }

/** The ledger of a dead run that made a machine on each platform. */
function deadLedger(runId: string, ...places: [platform: string, options: object][]): string {
  mkdirSync(ledgerDir(), { recursive: true })
  const process = { pid: 2 ** 22 + 1, startTicks: '1', bootId: 'gone', host: hostname() }
  const owner = { runId, cell: 'c', attempt: 1, expires: '2999-01-01T00:00:00.000Z' }
  const lines = [
    { type: 'owner', version: 1, runId, at: owner.expires, process },
    ...places.flatMap(([platform, options], index) => [
      { type: 'platform', name: platform, options },
      { type: 'intent', n: index, intent: { platform, kind: 'machine', name: `${platform}-machine`, owner } },
    ]),
  ]
  const path = join(ledgerDir(), `${runId}.jsonl`)
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}

test('a place that is gone keeps a sweep from ending well until it is forgotten', async () => {
  const path = deadLedger('dead', ['ec2', { endpoint: GONE, region: 'eu-west-1' }])
  const platforms = [{ name: 'ec2', options: { endpoint: GONE, region: 'eu-west-1', ...KEYS } }]
  const result = await sweep({ platforms, answerMs: 2000 })
  expect([result.exitCode, result.unreachable]).toMatchObject([4, [{ platform: 'ec2', runs: ['dead'] }]])
  const found = await findForgettable(`${GONE}/`)
  expect(found.map(({ open }) => open.map(({ intent }) => intent.name))).toEqual([['ec2-machine']])
  await forget(found)
  expect(existsSync(path)).toBe(false)
  expect((await sweep({ answerMs: 2000 })).exitCode).toBe(0)
})

test('only what was named is forgotten of a run that used several places', async () => {
  const path = deadLedger('dead', ['ec2', { endpoint: GONE }], ['fake', {}])
  await forget(await findForgettable(GONE))
  expect(existsSync(path)).toBe(true)
  const [state] = await readLedgers()
  expect(state?.open.map(({ intent }) => intent.platform)).toEqual(['fake'])
  expect([...(state?.platforms.keys() ?? [])]).toEqual(['fake'])
  await forget(await findForgettable('dead'))
  expect(existsSync(path)).toBe(false)
})

test('nothing is forgotten of a run that goes on, of what nobody knows, and of half a place', async () => {
  deadLedger('two', ['ec2', { endpoint: GONE }], ['ec2', { endpoint: 'http://127.0.0.1:10' }])
  await expect(findForgettable(GONE)).rejects.toThrow('also used ec2 elsewhere')
  await expect(findForgettable('http://127.0.0.1:11')).rejects.toBeInstanceOf(ConfigError)
  const ledger = await LedgerFile.create('live')
  await ledger.platform('gce', { endpoint: GONE })
  await expect(findForgettable('live')).rejects.toThrow('goes on')
  await ledger.close()
})

test('a ledger holds no credentials, and whoever gives them is the same place', async () => {
  const ledger = await LedgerFile.create('secret')
  const options = { endpoint: GONE, region: 'eu-west-1', 'key-file': './key.json', 'ssh-port': 22, ...KEYS }
  await ledger.platform('ec2', { ...options, 'session-token': 'even-more', 'access-token': 'token-word' })
  const text = readFileSync(ledger.path, 'utf8')
  for (const secret of [...Object.values(KEYS), 'even-more', 'token-word']) expect(text).not.toContain(secret)
  const [state] = await readLedgers()
  const [written = {}] = state?.platforms.get('ec2') ?? []
  expect(written).toEqual({ endpoint: GONE, region: 'eu-west-1', 'key-file': './key.json', 'ssh-port': 22 })
  expect(withCredentials(written, [{ endpoint: GONE }, options])).toBe(options)
  expect(withCredentials(written, [{ endpoint: GONE, ...KEYS }])).toBe(written)
  expect(withoutCredentials({ ephemeral: true, tokens: 1 })).toEqual({ ephemeral: true, tokens: 1 })
  await ledger.close()
})

test('the command tells what may be left, and asks', () => {
  const path = deadLedger('dead', ['ec2', { endpoint: GONE }])
  const harness = (...more: string[]) =>
    spawnSync(process.execPath, ['src/cli/main.ts', 'sweep', '--forget', 'dead', ...more], { encoding: 'utf8' })
  const asked = harness()
  expect([asked.status, asked.stderr]).toEqual([2, expect.stringContaining('ec2 machine  ec2-machine  dead')])
  expect(existsSync(path)).toBe(true)
  const agreed = harness('--yes')
  expect([agreed.status, agreed.stdout]).toEqual([0, 'forgotten: dead on ec2\n'])
  expect(existsSync(path)).toBe(false)
})
