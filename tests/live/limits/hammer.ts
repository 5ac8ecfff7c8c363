import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pause } from '../../../src/core/wait-until.ts'
import { LeaseTable } from '../../../src/limits/lease-table.ts'

// One of several processes that take and give back units as fast as they can, until their rounds are done or they are killed.
// A second database is the witness: it sums up what living processes hold at each moment, without asking the lease table.
const [rounds = 0, limit = 0] = process.argv.slice(2).map(Number)
const table = new LeaseTable()
const witness = new DatabaseSync(join(process.env['HARNESS_STATE_DIR'] ?? '', 'witness.db'), { timeout: 60_000 })

for (let round = 0; round < rounds;) {
  const units = 1 + ((process.pid + round) % 3)
  const holder = { runId: `run-${process.pid}`, cell: `cell-${round}`, expiresAt: 0 }
  const got = await table.tryTake([{ quota: 'q', units, limit }], holder)
  if ('busy' in got) {
    await pause(1 + ((process.pid * 7 + round) % 3))
    continue
  }
  testify(units)
  await pause(((process.pid + round) % 4) * 2)
  witness.prepare('DELETE FROM held WHERE pid = ?').run(process.pid)
  await got.release()
  round++
}
table.close()
witness.close()

function testify(units: number): void {
  witness.exec('BEGIN IMMEDIATE')
  witness.prepare('INSERT INTO held VALUES (?, ?)').run(process.pid, units)
  const held = witness.prepare('SELECT pid, units FROM held').all() as { pid: number; units: number }[]
  const sum = held.filter(({ pid }) => runs(pid)).reduce((total, row) => total + row.units, 0)
  witness.prepare('INSERT INTO seen VALUES (?, ?)').run(process.pid, sum)
  witness.exec('COMMIT')
}

function runs(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
