// Reports of a run of 5,000 cells with 150 judgements each (or as many as two arguments say): time, memory, and how soon a browser shows them.
import { fork } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RunEvent } from '../src/results/event.ts'
import type { Status } from '../src/results/status.ts'
import { writeReports } from '../src/reporters/index.ts'
import { median, verdict } from './measure.ts'

const [first = '', second = ''] = process.argv.slice(2)

if (first === 'write') {
  // A process of its own, so that its memory is that of the reports and of nothing else.
  const started = performance.now()
  await writeReports(second)
  const ms = performance.now() - started
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  process.send?.({ ms, cpuMs: (userCPUTime + systemCPUTime) / 1000, maxMiB: maxRSS / 1024 })
} else await bench(Number(first || 5000), Number(second || 150))

async function bench(cells: number, checks: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))
  try {
    await writeEvents(folder, cells, checks)
    const { size } = await stat(join(folder, 'events.jsonl'))
    const written = await new Promise<{ ms: number; cpuMs: number; maxMiB: number }>((resolve, reject) => {
      const child = fork(import.meta.filename, ['write', folder])
      child.on('message', (message) => resolve(message as { ms: number; cpuMs: number; maxMiB: number }))
      child.on('exit', (code) => reject(new Error(`the process of the reports exited with ${code}`)))
    })
    const index = join(folder, 'index.html')
    const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
    console.log(
      `${cells} cells x ${checks} judgements: events ${mib(size)} MiB, index.html ${mib((await stat(index)).size)} MiB, junit.xml ${mib((await stat(join(folder, 'junit.xml'))).size)} MiB`,
    )
    console.log(`the processor worked ${(written.cpuMs / 1000).toFixed(1)} s for the reports`)
    verdict('all reports', written.ms / 1000, 60, ' s')
    verdict('memory of the process', written.maxMiB, 1024, ' MiB')
    if (!existsSync('/usr/bin/chromium')) return console.log('Chromium is not installed: apt-get install chromium')
    const shown = [await show(index), await show(index), await show(index)]
    verdict('index.html in Chromium, until it is painted', median(shown) / 1000, 3, ' s')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function show(file: string): Promise<number> {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const started = performance.now()
    await page.goto(pathToFileURL(file).href)
    // Two frames: the first is asked for before the page is laid out, the second comes when it was painted.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return performance.now() - started
  } finally {
    await browser.close()
  }
}

/** One cell in fifty has three failures; a tenth of the checks does not apply. */
async function writeEvents(folder: string, cells: number, checks: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = createWriteStream(join(folder, 'events.jsonl'))
  const say = async (...events: RunEvent[]) => {
    if (!file.write(events.map((event) => `${JSON.stringify(event)}\n`).join('')))
      await new Promise<void>((resolve) => file.once('drain', () => resolve()))
  }
  const at = '2026-11-22T02:17:00.000Z'
  const summaries = Array.from({ length: cells }, (_, index) => ({
    id: `ec2/debian-${10 + (index % 7)}/type-${index}/uefi`,
    platform: 'ec2',
    image: `debian-${10 + (index % 7)}`,
    distribution: 'debian',
    release: String(10 + (index % 7)),
    instanceType: `type-${index}`,
    boot: 'uefi',
    agent: { name: 'cloud-init', source: 'release' },
    suites: ['policy', 'regression'],
  }))
  await say({
    at,
    type: 'run-started',
    version: 1,
    runId: 'bench',
    harness: '0',
    argv: [],
    host: {},
    cells: summaries,
    excluded: [],
  })
  for (const [index, { id: cell }] of summaries.entries()) {
    const of = { at, cell, attempt: 1 }
    const failing = index % 50 === 0
    const steps = (
      ['image', 'launch', 'first-boot', 'upgrade', 'clean', 'reboot', 'checks', 'collect', 'destroy'] as const
    ).map((step) => ({ ...of, type: 'step-ended' as const, step, durationMs: 4000 + index, outcome: 'ok' as const }))
    await say({ ...of, type: 'cell-started' }, ...steps)
    const records = Array.from({ length: checks }, (_, number): RunEvent[] => {
      const status: Status = failing && number < 3 ? 'fail' : number % 10 === 9 ? 'skip' : 'pass'
      const id = `check-about-something-${number}`
      const record = {
        id,
        suite: number % 3 === 0 ? ('regression' as const) : ('policy' as const),
        title: `number ${number} of what is to be true on a good image is true on this one`,
        severity: 'major' as const,
        ...(number % 3 === 0 ? {} : { phase: 'first-boot' as const }),
        subject: 'upgraded' as const,
        baseline: false,
        status,
        ...(status === 'skip' ? { reason: `check ${number} does not apply to this platform` } : {}),
        ...(status === 'fail' ? { about: { because: 'of a reason', source: 'https://example.org/why' } } : {}),
        errors:
          status === 'fail'
            ? [{ message: `expected one thing of ${cell} and saw another`, expected: 'one', actual: 'another' }]
            : [],
        durationMs: number + index / 7,
      }
      return [
        { ...of, type: 'check-started', id, subject: 'upgraded' },
        { ...of, type: 'check-ended', record },
      ]
    })
    await say(...records.flat())
    await say({ ...of, type: 'cell-ended', status: failing ? 'fail' : 'pass', durationMs: 65_000 + index, boots: 2 })
  }
  await say({ at: '2026-11-22T05:17:00.000Z', type: 'run-ended', status: 'fail', exitCode: 1, durationMs: 10_800_000 })
  await new Promise<void>((resolve) => file.end(() => resolve()))
}
