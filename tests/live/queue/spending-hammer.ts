import { openDatabase } from '../../../src/queue/database.ts'
import { PostgresSpending } from '../../../src/queue/postgres-spending.ts'

// One of several processes that spend a dollar at a time until the money of the day is used up. Prints how many it got.
const [url = '', name = '', limit = '0'] = process.argv.slice(2)
const database = await openDatabase(url)
const spending = await PostgresSpending.open(database)
let spent = 0
for (;;) {
  const expense = { runId: name, cell: 'a', platform: 'fake', usd: 1 }
  const money = await spending.reserve(expense, { 'day-usd': Number(limit) })
  if ('refused' in money) break
  await money.settle(1)
  spent++
}
await database.close()
process.stdout.write(`${spent}\n`)
