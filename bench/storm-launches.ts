// The process of bench/storm.ts that launches, and that is killed: `storm-launches.ts CLOUD OPTIONS RUN COUNT PARALLEL`. A line for each end.
import pLimit from 'p-limit'
import { openLedger } from '../src/platforms/open-ledger.ts'
import { machineName } from '../src/platforms/name.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { classifyPlainly } from '../src/runner/cell/classify.ts'

const [cloud = '', options = '{}', runId = '', count = '10', parallel = '5'] = process.argv.slice(2)
const given = JSON.parse(options) as Record<string, unknown>
const expires = new Date(Date.now() + 3_600_000).toISOString()
const ledger = await openLedger(runId)
await ledger.platform(cloud, given)
const session = await openPlatformNamed(cloud, given, {
  ledger,
  owner: { runId, cell: 'none', attempt: 1, expires },
  onWarning: (error) => print('leak', error.message),
})
const limit = pLimit(Number(parallel))
await Promise.all(Array.from({ length: Number(count) }, (_, number) => limit(() => launch(number))))
await session[Symbol.asyncDispose]()
await ledger.close()

async function launch(number: number): Promise<void> {
  const owner = { runId, cell: `${cloud}/storm/${number}`, attempt: 1, expires }
  try {
    const instance = await session.launch({
      image: 'debian-13',
      name: machineName({ ...owner, role: 'subject' }),
      owner,
      deadline: '100 seconds',
    })
    try {
      await instance.waitUntilReachable({ deadline: '60 seconds' })
    } finally {
      await instance.destroy({ deadline: '60 seconds' })
    }
    print('pass', '')
  } catch (error) {
    const { status, error: record } = classifyPlainly(error)
    print(status, `${record.kind ?? record.name}: ${record.message.slice(0, 160)}`)
  }
}

function print(status: string, why: string): void {
  process.stdout.write(`${JSON.stringify({ status, why })}\n`)
}
