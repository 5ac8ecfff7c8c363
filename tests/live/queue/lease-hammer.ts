import { pause } from '../../../src/core/wait-until.ts'
import { openDatabase } from '../../../src/queue/database.ts'
import { PostgresLeases } from '../../../src/queue/postgres-leases.ts'

// One of several processes that take and give back units as fast as they can. What they hold is also written where a witness sums it up.
const [url = '', name = '', rounds = '0', limit = '0'] = process.argv.slice(2)
const database = await openDatabase(url)
const leases = await PostgresLeases.open(database, name)

for (let round = 0; round < Number(rounds);) {
  const units = 1 + ((process.pid + round) % 3)
  const holder = { runId: name, cell: `cell-${round}`, expiresAt: Date.now() + 60_000 }
  const got = await leases.tryTake([{ quota: 'q', units, limit: Number(limit) }], holder)
  if ('busy' in got) {
    await pause(2)
    continue
  }
  await testify(units)
  await pause(2 + (round % 5))
  await database.query('DELETE FROM held WHERE name = $1', [name])
  await got.release()
  round++
}
leases.close()
await database.close()

async function testify(units: number): Promise<void> {
  await database.transaction(async (query) => {
    await query('LOCK TABLE held IN EXCLUSIVE MODE')
    await query('INSERT INTO held VALUES ($1, $2)', [name, units])
    await query('INSERT INTO seen SELECT sum(units) FROM held')
  })
}
