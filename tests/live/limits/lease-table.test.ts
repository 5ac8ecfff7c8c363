import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import { LeaseTable } from '../../../src/limits/lease-table.ts'

const PROCESSES = 8
const ROUNDS = 120
const KILLS = 12
const LIMIT = 9

let folder: string
let witness: DatabaseSync
const before = process.env['HARNESS_STATE_DIR']

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lease-test-'))
  process.env['HARNESS_STATE_DIR'] = folder
  mkdirSync(folder, { recursive: true })
  witness = new DatabaseSync(join(folder, 'witness.db'), { timeout: 60_000 })
  witness.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE held (pid INTEGER, units INTEGER); CREATE TABLE seen (pid INTEGER, units INTEGER)',
  )
})

afterEach(() => {
  witness.close()
  if (before === undefined) delete process.env['HARNESS_STATE_DIR']
  else process.env['HARNESS_STATE_DIR'] = before
  rmSync(folder, { recursive: true, force: true })
})

function hammer(rounds: number): { child: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'hammer.ts'), String(rounds), String(LIMIT)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { child, ended: new Promise((resolve) => child.on('exit', (code) => resolve(code))) }
}

test(
  `${PROCESSES} processes never hold more than there is, although ${KILLS} are killed in between`,
  { timeout: 180_000 },
  async () => {
    const steady = Array.from({ length: PROCESSES - 2 }, () => hammer(ROUNDS))
    const victims = Array.from({ length: 2 }, async () => {
      for (let kill = 0; kill < KILLS / 2; kill++) {
        const victim = hammer(1_000_000)
        await waitUntil({ what: 'a victim to hold something', deadlineMs: 60_000 }, async () => {
          const row = witness.prepare('SELECT count(*) AS times FROM seen WHERE pid = ?').get(victim.child.pid ?? 0)
          return Number(row?.['times']) > 0 ? { done: true, value: undefined } : { done: false, saw: 'nothing yet' }
        })
        await pause(Math.random() * 300)
        victim.child.kill('SIGKILL')
        expect(await victim.ended).toBe(null)
      }
    })
    await Promise.all(victims)
    expect(await Promise.all(steady.map(({ ended }) => ended))).toEqual(steady.map(() => 0))

    const seen = witness.prepare('SELECT pid, units FROM seen').all() as { pid: number; units: number }[]
    const most = Math.max(...seen.map(({ units }) => units))
    expect(most).toBeLessThanOrEqual(LIMIT)
    // The limit was really worked against, by the victims too, and what they held came back.
    expect(most).toBeGreaterThan(LIMIT - 3)
    expect(new Set(seen.map(({ pid }) => pid)).size).toBe(PROCESSES - 2 + KILLS)
    expect(seen.length).toBeGreaterThan((PROCESSES - 2) * ROUNDS)
    const table = new LeaseTable()
    expect(table.list()).toEqual([])
    table.close()
  },
)
