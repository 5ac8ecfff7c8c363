// Cells on the fake platform beside the schedule that wastes nothing: 500 of them 50 at a time, or as many as two arguments say.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Cell } from '../src/matrix/cell.ts'
import { runMatrix } from '../src/runner/run.ts'
import { verdict } from './measure.ts'

const [CELLS = 500, AT_A_TIME = 50] = process.argv.slice(2).map(Number)

// A fixed sequence, so that every run has the same cells.
let seed = 42
const between = (low: number, high: number) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return Math.round(low + ((high - low) * seed) / 2_147_483_648)
}

const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))

// The fake would interpret the facts script and so measure itself: it answers with what a real guest said, after its time.
const FACTS_MS = 1000
const recorded = join(folder, 'facts.txt')
const fixture = new URL('../tests/fixtures/facts/debian-13-first-boot.txt.gz', import.meta.url)
await writeFile(recorded, gunzipSync(await readFile(fixture)))
const facts = { command: '-s .*(first-boot|after-reboot)', stdoutFile: recorded, delayMs: FACTS_MS }
// The same for the wait inside the guest, which is asked for twice in each boot: its loop would keep the small shell of the fake busy,
// ten times a second for each cell.
const booted = (agentMs: number) => ({
  command: 'harness-boot-state',
  stdout: 'systemd running done\n',
  delayMs: agentMs / 2,
})

// A few containers on this host, or machines of clouds, which take longer to come.
const SLOWER = AT_A_TIME > 50 ? 3 : 1

// Ten kinds of cells, as a matrix has a few platforms and images, not one for each cell.
const kinds = Array.from({ length: 10 }, () => ({
  launchMs: between(500, 3000) * SLOWER,
  bootMs: between(1000, 4000) * SLOWER,
  agentMs: between(500, 2000) * SLOWER,
  destroyMs: between(200, 1000) * SLOWER,
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
  platformOptions: { world: `bench-${index % kinds.length}`, answers: [facts, booted(times.agentMs)], ...times },
  checks: [],
  timeouts: { bootMs: 120_000, checkMs: 60_000, cellMs: 300_000, cleanupMs: 60_000 },
  attempts: 1,
}))

// Each cell boots twice: as it came, and after the agent was cleaned. No schedule can be shorter than this.
const busy = waits.map(({ launchMs, bootMs, agentMs }) => launchMs + 2 * (bootMs + agentMs + FACTS_MS))
const ideal = Math.max(...busy, busy.reduce((sum, ms) => sum + ms, 0) / AT_A_TIME)

const expected = new Map(cells.map(({ id }, index) => [id, (busy[index] ?? 0) / 1000]))

process.env['HARNESS_STATE_DIR'] = join(folder, 'state')
const rss = { early: 0, late: 0 }
const started = performance.now()
let ended = 0
const result = await runMatrix({
  cells,
  reportsDir: folder,
  concurrency: AT_A_TIME,
  // As `harness run` does with cells that ran before.
  expectedSeconds: ({ id }) => expected.get(id),
  onEvent: (event) => {
    if (event.type !== 'cell-ended') return
    const part = ++ended <= CELLS / 4 ? 'early' : 'late'
    rss[part] = Math.max(rss[part], process.memoryUsage().rss / 1024 / 1024)
  },
})
const took = performance.now() - started
await rm(folder, { recursive: true, force: true })

console.log(
  `${CELLS} cells, ${AT_A_TIME} at a time: ${(took / 1000).toFixed(1)} s; ideal ${(ideal / 1000).toFixed(1)} s; status ${result.status}`,
)
console.log(`memory: ${rss.early.toFixed(0)} MiB in the first quarter, ${rss.late.toFixed(0)} MiB after it`)
verdict('time over the ideal schedule', took / ideal, CELLS > 500 ? 1.1 : 1.15)
if (CELLS <= 500) verdict('memory of the process', Math.max(rss.early, rss.late), 250, ' MiB')
verdict('memory after the first quarter over memory in it', rss.late / rss.early, 1.15)
