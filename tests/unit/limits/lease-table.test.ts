import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LeaseTable, type LeaseTableOptions } from '../../../src/limits/lease-table.ts'
import type { Lease } from '../../../src/limits/leases.ts'
import { identify } from '../../../src/platforms/process-identity.ts'

let folder: string
const open: LeaseTable[] = []
const before = process.env['HARNESS_STATE_DIR']

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lease-test-'))
  process.env['HARNESS_STATE_DIR'] = folder
})

afterEach(() => {
  for (const table of open.splice(0)) table.close()
  if (before === undefined) delete process.env['HARNESS_STATE_DIR']
  else process.env['HARNESS_STATE_DIR'] = before
  rmSync(folder, { recursive: true, force: true })
})

function table(options: LeaseTableOptions = {}): LeaseTable {
  const made = new LeaseTable(options)
  open.push(made)
  return made
}

const holder = { runId: 'run-1', cell: 'fake/a', expiresAt: 0 }
const claim = (units: number, quota = 'q') => ({ quota, units, limit: 4 })

async function take(from: LeaseTable, ...claims: ReturnType<typeof claim>[]): Promise<Lease> {
  const got = await from.tryTake(claims, holder)
  if ('busy' in got) throw new Error(got.busy)
  return got
}

/** Makes the rows look as if another process had taken them. */
function disguise(change: string): void {
  const database = new DatabaseSync(join(folder, 'leases.db'))
  database.exec(`UPDATE lease SET ${change}`)
  database.close()
}

test('units are lent up to the limit and come back', async () => {
  const leases = table()
  const first = await take(leases, claim(3))
  expect(await leases.tryTake([claim(2)], { ...holder, runId: 'run-2' })).toEqual({
    busy: 'q: 3 of 4 are in use, some by run-1; 2 more are needed',
  })
  await take(leases, claim(1))
  await first.release()
  await first.release()
  await take(leases, claim(3))
  expect(
    leases
      .list()
      .map(({ units }) => units)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 3])
})

test('of several claims all are taken or none', async () => {
  const leases = table()
  await take(leases, claim(4, 'b'))
  expect(await leases.tryTake([claim(1, 'a'), claim(1, 'b')], holder)).toHaveProperty('busy')
  expect(leases.list()).toMatchObject([{ quota: 'b', units: 4 }])
})

test('no claims need no place', async () => {
  await (await take(table())).release()
})

test('another table of the same state directory sees them', async () => {
  await take(table(), claim(4))
  expect(await table().tryTake([claim(1)], holder)).toHaveProperty('busy')
})

test('a lease whose process is gone is over at once', async () => {
  await take(table(), claim(4))
  const child = spawn('true')
  await once(child, 'exit')
  disguise(`pid = ${child.pid}`)
  await take(table(), claim(4))
})

test('a process that got the number of a dead one does not hold its leases', async () => {
  await take(table(), claim(4))
  disguise(`start_ticks = '1'`)
  await take(table(), claim(4))
})

test('a lease of another host is over when it was silent for five minutes', async () => {
  let now = 1_000_000
  const leases = table({ now: () => now })
  await take(leases, claim(4))
  disguise(`host = 'elsewhere'`)
  now += 299_000
  expect(await leases.tryTake([claim(1)], holder)).toHaveProperty('busy')
  now += 2000
  await take(leases, claim(4))
})

test('a living process keeps its lease, however long it is silent', async () => {
  let now = 1_000_000
  const leases = table({ now: () => now })
  await take(leases, claim(4))
  now += 10 * 86_400_000
  expect(await leases.tryTake([claim(1)], holder)).toHaveProperty('busy')
})

test('machines that a killed run left behind use the quota until they are swept or have expired', async () => {
  let now = 1_000_000
  let left = true
  const leases = table({ now: () => now, hasLeftovers: () => left })
  const got = await leases.tryTake([claim(4)], { ...holder, expiresAt: 2_000_000 })
  expect(got).toHaveProperty('release')
  disguise(`start_ticks = '1'`)
  expect(await leases.tryTake([claim(1)], holder)).toHaveProperty('busy')
  now = 2_000_001
  await (await take(leases, claim(1))).release()

  now = 1_000_000
  await leases.tryTake([claim(4)], { ...holder, expiresAt: 2_000_000 })
  disguise(`start_ticks = '1'`)
  left = false
  await take(leases, claim(4))
})

test('a heartbeat is for the leases of this process only', async () => {
  let now = 1_000_000
  const leases = table({ now: () => now })
  await take(leases, claim(1))
  disguise(`host = 'elsewhere'`)
  await take(leases, claim(1))
  now += 60_000
  leases.beat()
  const database = new DatabaseSync(join(folder, 'leases.db'))
  const beats = database.prepare('SELECT host, beat_at FROM lease ORDER BY beat_at').all()
  database.close()
  expect(beats).toMatchObject([
    { host: 'elsewhere', beat_at: 1_000_000 },
    { host: identify()?.host, beat_at: 1_060_000 },
  ])
})

test.each(['run-1.jsonl', 'run-1@worker-a.jsonl'])('the ledger %s tells that a run left something', async (name) => {
  await take(table(), claim(4))
  disguise(`start_ticks = '1', expires_at = ${Date.now() + 60_000}`)
  mkdirSync(join(folder, 'ledger'))
  writeFileSync(join(folder, 'ledger', 'run-10.jsonl'), '')
  writeFileSync(join(folder, 'ledger', name), '')
  expect(table().list()).toHaveLength(1)
  expect(await table().tryTake([claim(1)], holder)).toHaveProperty('busy')
  rmSync(join(folder, 'ledger', name))
  await take(table(), claim(4))
})
