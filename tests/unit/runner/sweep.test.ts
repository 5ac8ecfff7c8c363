import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ledgerDir, LedgerFile } from '../../../src/platforms/ledger-file.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import { planSweep, sweep } from '../../../src/runner/sweep/sweep.ts'
import { whySweep } from '../../../src/runner/sweep/sweep-rules.ts'
import { testFolder } from './fake-run.ts'

const DEAD = { pid: 2 ** 22 + 1, startTicks: '1', bootId: 'gone', host: hostname() }
const LATER = '2999-01-01T00:00:00.000Z'

const UNWRITTEN = { intend: async () => ({ created: async () => {}, destroyed: async () => {} }) }

async function launched(world: string, runId: string, expires = LATER) {
  const session = await openPlatformNamed('fake', { world }, { ledger: UNWRITTEN })
  return await session.launch({ image: 'debian-13', owner: { runId, cell: 'c', attempt: 1, expires } })
}

function deadLedger(runId: string, world: string): void {
  mkdirSync(ledgerDir(), { recursive: true })
  const intent = {
    platform: 'fake',
    kind: 'machine',
    name: 'm',
    owner: { runId, cell: 'c', attempt: 1, expires: LATER },
  }
  const lines = [
    { type: 'owner', version: 1, runId, at: LATER, process: DEAD },
    { type: 'platform', name: 'fake', options: { world } },
    { type: 'intent', n: 1, intent },
  ]
  writeFileSync(join(ledgerDir(), `${runId}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

test('what a dead run left goes, what a live run has and what nobody knows stays', async () => {
  using folder = testFolder()
  const world = folder.path
  const [dead, live, foreign, expired] = await Promise.all([
    launched(world, 'dead-run'),
    launched(world, 'live-run'),
    launched(world, 'foreign-run'),
    launched(world, 'old-run', '2001-01-01T00:00:00.000Z'),
  ])
  deadLedger('dead-run', world)
  const ledger = await LedgerFile.create('live-run')
  await ledger.platform('fake', { world })

  const plan = await planSweep()
  const ours = (items: typeof plan.items) => items.filter(({ platform }) => platform === 'fake')
  expect(ours(plan.items).map(({ id, outcome, why }) => [id, outcome, why])).toEqual([
    [dead.id, 'planned', 'its run is gone'],
    [expired.id, 'planned', 'it expired at 2001-01-01T00:00:00.000Z'],
  ])
  expect(plan.live).toEqual(['live-run'])
  expect(await dead.state()).toBe('running')

  const result = await sweep()
  expect(ours(result.items).map(({ outcome }) => outcome)).toEqual(['removed', 'removed'])
  expect(await Promise.all([dead, live, foreign, expired].map((instance) => instance.state()))).toEqual([
    'gone',
    'running',
    'running',
    'gone',
  ])
  expect((await readLedgers()).map(({ runId }) => runId)).toEqual(['live-run'])

  await sweep({ all: true, platforms: [{ name: 'fake', options: { world } }] })
  expect(await Promise.all([live, foreign].map((instance) => instance.state()))).toEqual(['running', 'gone'])
  await ledger.close()
})

test('what cannot be removed is told, keeps its ledger and exits with 4', async () => {
  using folder = testFolder()
  const world = folder.path
  const dead = await launched(world, 'dead-run')
  deadLedger('dead-run', world)
  const stuck = join(ledgerDir(), 'dead-run.jsonl')
  writeFileSync(
    stuck,
    `${JSON.stringify({ type: 'platform', name: 'fake', options: { world, faults: [{ at: 'destroy', kind: 'unavailable' }] } })}\n`,
    { flag: 'a' },
  )
  writeFileSync(stuck, '', { flag: 'a' })
  const result = await sweep({
    runId: 'dead-run',
    platforms: [{ name: 'fake', options: { world, faults: [{ at: 'destroy', kind: 'unavailable' }] } }],
  })
  expect(result).toMatchObject({
    exitCode: 4,
    items: expect.arrayContaining([expect.objectContaining({ id: dead.id, outcome: 'left' })]),
  })
  expect(existsSync(stuck)).toBe(true)
})

test('temporary folders go with their process, and only then', async () => {
  using folder = testFolder()
  const child = spawn('true')
  await new Promise((resolve) => child.on('exit', resolve))
  const stale = join(tmpdir(), `harness-test-${child.pid}-1-${folder.path.slice(-6)}`)
  const other = join(tmpdir(), `harness-test-without-a-process-${folder.path.slice(-6)}`)
  mkdirSync(join(stale, 'deep'), { recursive: true })
  mkdirSync(other)
  await sweep()
  expect([existsSync(stale), existsSync(other)]).toEqual([false, true])
  const { rmdirSync } = await import('node:fs')
  rmdirSync(other)
})

test('an image kept for later runs goes only when it is asked for', () => {
  const image = { kind: 'image' as const, id: 'i', runId: 'image-cache', cell: '', expires: undefined }
  expect(whySweep(image, [], { all: true }, new Date())).toBeUndefined()
  expect(whySweep(image, [], { images: true }, new Date())).toBe('cached images are to go')
})

test('a place that takes connections and never answers keeps neither the others waiting nor whoever asked', async () => {
  using folder = testFolder()
  const machine = await launched(folder.path, 'dead-run')
  deadLedger('dead-run', folder.path)
  const connections: Socket[] = []
  const mute = createServer((socket) => void connections.push(socket))
  const socket = join(folder.path, 'mute.sock')
  await new Promise<void>((resolve) => mute.listen(socket, resolve))
  try {
    const result = await sweep({ platforms: [{ name: 'lxd', options: { socket } }], answerMs: 1500 })
    expect(result.unreachable).toMatchObject([
      { platform: 'lxd', error: { name: 'WaitTimeoutError', message: expect.stringContaining('lxd to answer') } },
    ])
    expect(result.exitCode).toBe(4)
    expect(await machine.state()).toBe('gone')
  } finally {
    for (const connection of connections) connection.destroy()
    mute.close()
  }
})

test('a platform that was asked for and cannot be asked is not taken for clean', async () => {
  using _folder = testFolder()
  const place = { name: 'lxd', options: { socket: '/nonexistent/unix.socket' } }
  expect(await sweep({ platforms: [place] })).toMatchObject({ unreachable: [], exitCode: 0 })
  expect(await sweep({ platforms: [{ ...place, asked: true }] })).toMatchObject({
    unreachable: [{ platform: 'lxd', runs: [] }],
    exitCode: 4,
  })
})
