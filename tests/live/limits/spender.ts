import { Spending } from '../../../src/cost/spending.ts'

// One of several processes that spend a dollar at a time until the budget of the day is used up. Prints how many it got.
const limit = Number(process.argv[2])
const spending = new Spending()
let spent = 0
for (;;) {
  const money = await spending.reserve(
    { runId: `run-${process.pid}`, cell: 'a', platform: 'fake', usd: 1 },
    { 'day-usd': limit },
  )
  if ('refused' in money) break
  await money.settle(1)
  spent++
}
spending.close()
process.stdout.write(`${spent}\n`)
