// Launches against a simulated cloud with faults of every kind, many at a time; the harness is killed in the middle, and a sweep follows.
// `node bench/storm.ts [CLOUD] [LAUNCHES] [PARALLEL]`. Exits with 1 when something of ours is left, something foreign was touched, or a
// fault of the provider was taken for one of the image.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { newRunId } from '../src/platforms/name.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { sweep } from '../src/runner/sweep/sweep.ts'
import { parseFaults } from '../src/simulate/faults.ts'
import { MemoryBackend } from '../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../src/simulate/simulators.ts'

const FAULTS =
  'throttle:0.06,unavailable:0.03,reset:0.02,lost-reply:0.03,slow:0.02,stockout:0.03,quota:0.01,async-failure:0.02,' +
  'late-list:0.02,silent:0.002,interrupt:0.05,denied:0.002,expired:0.002,hang:x2'

const [cloud = 'ec2', count = '1000', parallel = '50'] = process.argv.slice(2)
const state = await mkdtemp(join(tmpdir(), 'harness-storm-'))
process.env['HARNESS_STATE_DIR'] = state
const sshPort = 20_000 + (process.pid % 10_000)
await using backend = new MemoryBackend({ bootMs: 50, agentMs: 50, sshPort })
const kind = await loadSimulator(cloud)
const faults = parseFaults(FAULTS)
const settings = { backend, images: { 'debian-13': 'debian-13' }, pendingMs: 50, delayMs: 50, seed: 7 }
await using simulator = await kind.start({ ...settings, faults })
const options = {
  ...simulator.options,
  'ssh-port': sshPort,
  user: cloud === 'azure' ? 'debian' : 'root',
  market: 'spot',
}

// What another run has in the account must stay.
await using others = await openPlatformNamed(cloud, { ...options, market: 'on-demand' })
const neighbour = await persistent(() => others.launch({ image: 'debian-13', deadline: '60 seconds' }))

const started = performance.now()
const total = Number(count)
const before = await storm(Math.ceil(total / 2), Math.ceil(total / 5))
console.log(`killed after ${before.ends.length} of ${Math.ceil(total / 2)}`)
const first = await sweepAll()
const after = await storm(total - before.ends.length)
const second = await sweepAll()
const untouched = (await persistent(() => neighbour.state())) === 'running'
const ends = [...before.ends, ...after.ends]
const byStatus = Map.groupBy(ends, ({ status }) => status)
for (const [status, those] of byStatus) {
  console.log(`${status}: ${those.length}`)
  const why = Map.groupBy(those, (one) => one.why.split(':')[0] ?? '')
  for (const [kindOfError, some] of why)
    if (kindOfError !== '') console.log(`  ${kindOfError}: ${some.length}, for example ${some[0]?.why.slice(0, 140)}`)
}
const struck = simulator.calls.filter(({ status, said }) => said !== undefined || status === 0)
const kinds = Map.groupBy(struck, ({ said = 'cut' }) => said)
console.log(`calls: ${simulator.calls.length}, of which ${struck.length} went wrong:`)
console.log([...kinds].map(([said, those]) => `${said} ${those.length}`).join(', '))
console.log(
  `swept: ${first.removed} after the kill, ${second.removed} at the end; left: ${second.left.length}; what another run has is ${untouched ? 'untouched' : 'gone'}`,
)
console.log(`${ends.length} launches in ${((performance.now() - started) / 1000).toFixed(0)} s`)
const wrong = ends.filter(({ status }) => status !== 'pass' && status !== 'miss')
for (const { status, why } of wrong.slice(0, 10)) console.log(`wrong: ${status} ${why}`)
if (wrong.length > 0 || second.left.length > 0 || !untouched) process.exitCode = 1
await persistent(() => neighbour.destroy())
await rm(state, { recursive: true, force: true })

interface End {
  status: string
  why: string
}

/** Runs the launches in a process of their own, and kills it after so many of them ended. */
async function storm(launches: number, killAfter = Number.POSITIVE_INFINITY): Promise<{ ends: End[] }> {
  const file = fileURLToPath(new URL('storm-launches.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [file, cloud, JSON.stringify(options), newRunId(), String(launches), parallel],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const found: End[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    found.push(JSON.parse(line) as End)
    if (found.length >= killAfter) child.kill('SIGKILL')
  }
  await exited
  return { ends: found }
}

/** Sweeps more than once: the faults go on. */
async function sweepAll(): Promise<{ removed: number; left: { kind: string; id: string }[] }> {
  let removed = 0
  for (let round = 0; round < 3; round++) {
    const result = await sweep({ platforms: [{ name: cloud, options }] })
    removed += result.items.filter(({ platform, outcome }) => platform === cloud && outcome === 'removed').length
  }
  const all = await persistent(() => others.resources())
  return { removed, left: all.filter(({ runId }) => runId !== others.owner.runId) }
}

/** Again when a fault strikes what is not measured. */
async function persistent<T>(work: () => Promise<T>): Promise<T> {
  for (let round = 0; ; round++) {
    try {
      return await work()
    } catch (error) {
      if (round > 5) throw error
    }
  }
}
