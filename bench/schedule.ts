// 500 cells on the fake platform, 50 at a time, beside the schedule that wastes nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeHost } from '../src/core/subprocess.ts'
import { factsScript } from '../src/instance/facts/collect.ts'
import type { Cell } from '../src/matrix/cell.ts'
import { runMatrix } from '../src/runner/run.ts'
import { verdict } from './measure.ts'

const CELLS = 500
const AT_A_TIME = 50

// A fixed sequence, so that every run has the same cells.
let seed = 42
const between = (low: number, high: number) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return Math.round(low + ((high - low) * seed) / 2_147_483_648)
}

// The fake would interpret the facts script and so measure itself: it answers with the facts of this host, after a real guest's time.
const FACTS_MS = 1000
const recorded = await probeHost(['sh', '-s', 'first-boot'], { stdin: await factsScript(), deadlineMs: 120_000 })
const answers = [{ command: '-s .*(first-boot|after-reboot)', stdout: recorded.stdout, delayMs: FACTS_MS }]

// Ten kinds of cells, as a matrix has a few platforms and images, not one for each cell.
const kinds = Array.from({ length: 10 }, () => ({
  launchMs: between(500, 3000),
  bootMs: between(1000, 4000),
  agentMs: between(500, 2000),
  destroyMs: between(200, 1000),
}))
const waits = Array.from({ length: CELLS }, (_, index) => kinds[index % kinds.length]).filter(
  (kind) => kind !== undefined,
)
const cells = waits.map((times, index): Cell => ({
  id: `fake/debian-13/type-${index}/container`,
  platform: 'fake',
  image: 'debian-13',
  distribution: 'debian',
  release: '13',
  instanceType: `type-${index}`,
  boot: 'container',
  agent: { name: 'cloud-init', source: 'none' },
  agentName: 'cloud-init',
  agentSource: { kind: 'none' },
  suites: [],
  platformOptions: { world: `bench-${index % kinds.length}`, answers, ...times },
  checks: [],
  timeouts: { bootMs: 120_000, checkMs: 60_000, cellMs: 300_000, cleanupMs: 60_000 },
  attempts: 1,
}))

// Each cell boots twice: as it came, and after the agent was cleaned. No schedule can be shorter than this.
const busy = waits.map(({ launchMs, bootMs, agentMs }) => launchMs + 2 * (bootMs + agentMs + FACTS_MS))
const ideal = Math.max(...busy, busy.reduce((sum, ms) => sum + ms, 0) / AT_A_TIME)

const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))
let rss = 0
const watch = setInterval(() => (rss = Math.max(rss, process.memoryUsage().rss)), 50)
const started = performance.now()
const result = await runMatrix({ cells, reportsDir: folder, concurrency: AT_A_TIME })
const took = performance.now() - started
clearInterval(watch)
await rm(folder, { recursive: true, force: true })

console.log(
  `${CELLS} cells, ${AT_A_TIME} at a time: ${(took / 1000).toFixed(1)} s; ideal ${(ideal / 1000).toFixed(1)} s; status ${result.status}`,
)
verdict('time over the ideal schedule', took / ideal, 1.15)
verdict('memory of the process', rss / 1024 / 1024, 250, ' MiB')
