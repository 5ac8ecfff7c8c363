import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { type Database, openDatabase } from '../../../src/queue/database.ts'
import { PostgresLeases } from '../../../src/queue/postgres-leases.ts'
import { findPostgres, type Postgres, startPostgres } from './postgres.ts'

const found = findPostgres()
const skip = 'missing' in found ? found.missing : undefined
const LATER = Date.now() + 3_600_000

describe.skipIf(skip)(`quotas of workers on several machines${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let postgres: Postgres
  let database: Database

  beforeAll(async () => {
    postgres = await startPostgres('bin' in found ? found.bin : '')
    database = await openDatabase(postgres.url)
  })
  afterAll(async () => {
    await database.close()
    await postgres[Symbol.asyncDispose]()
  })

  test('eight processes never take more than there is, also when one is killed', async () => {
    await database.query('CREATE TABLE held (name text, units int); CREATE TABLE seen (units int)')
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`)
    const processes = names.map((name) => hammer(postgres.url, name, name === 'p0' ? 10_000 : 25))
    const [victim] = processes
    await waitUntil(
      { what: 'the victim to hold something', deadlineMs: 30_000, intervalMs: 5, maxIntervalMs: 5 },
      async () => {
        const [row] = await database.query(`SELECT 1 FROM harness.lease WHERE holder = 'p0'`).catch(() => [])
        if (!row) return { done: false, saw: 'nothing' }
        victim?.child.kill('SIGKILL')
        return { done: true, value: undefined }
      },
    )
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([null, ...names.slice(1).map(() => 0)])
    const [seen] = await database.query<{ most: number }>('SELECT max(units) AS most FROM seen')
    expect(seen?.most).toBeGreaterThan(4)
    expect(seen?.most).toBeLessThanOrEqual(9)
    const left = await database.query<{ holder: string }>('SELECT holder FROM harness.lease')
    expect(left.map(({ holder }) => holder)).not.toContain('p1')
  })

  test('what a lost worker held is free when its cell was taken over, or has expired', async () => {
    const [lost, next] = await Promise.all(['lost', 'next'].map((name) => PostgresLeases.open(database, name)))
    if (!lost || !next) throw new Error('no leases')
    const claim = (units: number) => [{ quota: 'vcpus', units, limit: 4 }]
    await lost.tryTake(claim(3), { runId: 'run', cell: 'one', expiresAt: LATER })
    await lost.tryTake(claim(1), { runId: 'run', cell: 'two', expiresAt: Date.now() - 1 })
    lost.close()
    const three = { runId: 'run', cell: 'three', expiresAt: LATER }
    expect(await next.tryTake(claim(1), three)).toEqual({ busy: 'vcpus: 4 of 4 are in use; 1 more are needed' })
    // An expired lease counts for as long as its holder is heard of.
    await database.query(`UPDATE harness.lease SET beat_at = now() - interval '6 minutes'`)
    expect(await next.tryTake(claim(1), three)).toHaveProperty('release')
    expect(await next.tryTake(claim(1), { ...three, cell: 'four' })).toHaveProperty('busy')
    // The units of a lost cell wait for that cell.
    expect(await next.tryTake(claim(3), { ...three, cell: 'one' })).toHaveProperty('release')
    expect(await next.tryTake(claim(1), { ...three, cell: 'four' })).toHaveProperty('busy')
    await next.giveUp('run', 'one')
    expect(await next.tryTake(claim(3), { ...three, cell: 'four' })).toHaveProperty('release')
    next.close()
  })

  test('claims are taken together or not at all', async () => {
    const leases = await PostgresLeases.open(database, 'both')
    const holder = { runId: 'both', cell: 'c', expiresAt: LATER }
    const first = [
      { quota: 'a', units: 1, limit: 1 },
      { quota: 'b', units: 2, limit: 1 },
    ]
    expect(await leases.tryTake(first, holder)).toEqual({ busy: 'b: 0 of 1 are in use; 2 more are needed' })
    expect(await leases.tryTake([{ quota: 'a', units: 1, limit: 1 }], holder)).toHaveProperty('release')
    leases.close()
  })
})

function hammer(url: string, name: string, rounds: number): { child: ChildProcess; ended: Promise<number | null> } {
  const args = [join(import.meta.dirname, 'lease-hammer.ts'), url, name, String(rounds), '9']
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  return { child, ended: new Promise((resolve) => child.on('close', resolve)) }
}
