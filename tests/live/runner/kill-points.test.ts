import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pause } from '../../../src/core/wait-until.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import type { RunEvent } from '../../../src/results/event.ts'
import { parseEvents } from '../../../src/results/read-events.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { quickImage, whyNoQuickImage } from '../lxd/quick-image.ts'

const PLATFORM = process.env['HARNESS_KILL_PLATFORM'] ?? 'lxd'
const skip = PLATFORM === 'lxd' ? ((await whyNoLxd()) ?? (await whyNoQuickImage())) : undefined
const IMAGE = process.env['HARNESS_TEST_IMAGE'] ?? (PLATFORM === 'lxd' && !skip ? await quickImage() : 'debian-13')
/** How often a process is killed; `HARNESS_KILL_POINTS=50` is the full proof. */
const POINTS = Number(process.env['HARNESS_KILL_POINTS'] ?? 3)
const SEED = Number(process.env['HARNESS_KILL_SEED'] ?? 1)
/** Runs at the same time, each with a state folder of its own. They wait for machines most of the time. */
const LANES = Number(process.env['HARNESS_KILL_LANES'] ?? (POINTS > 3 ? 3 : 1))
/** Cells without checks, each with one machine, take little time; `HARNESS_KILL_SUITES=all` adds a pair, a snapshot and an own instance. */
const SHORT = process.env['HARNESS_KILL_SUITES'] !== 'all'
/** A process is killed within half a second after it wrote so many events: a whole run has about eighty. */
const MOST_EVENTS = SHORT ? 36 : 72

describe.skipIf(skip)(`a run on ${PLATFORM} that is killed${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const timeout = 120_000 + POINTS * 150_000
  test(`goes on after each of ${POINTS} kills at random moments, seed ${SEED}`, { timeout }, async () => {
    const killedAt: string[] = []
    let kills = 0
    const lane = async (number: number) => {
      const random = randomNumbers(SEED + number * 1_000_003)
      for (let run = 0; kills < POINTS; run++) {
        const folder = mkdtempSync(join(tmpdir(), 'kill-points-'))
        const runId = `20260101-0000${String(run).padStart(2, '0')}-kill${number}${process.pid}`
        const concurrency = run % 2 === 0 ? '1' : '2'
        try {
          let how = 'new'
          for (;;) {
            const point = { events: Math.floor(random() * MOST_EVENTS), delayMs: random() * 500 }
            const end = await work(folder, runId, how, concurrency, kills < POINTS ? point : undefined)
            if (end !== 'killed') {
              expect(end.code, `${end.output} ${reasons(folder, runId)}`).toBe(0)
              break
            }
            kills++
            killedAt.push(lastStep(folder, runId))
            how = existsSync(join(folder, 'state', 'runs', `${runId}.json`)) ? 'resume' : 'new'
            if (how === 'new') rmSync(join(folder, 'reports'), { recursive: true, force: true })
          }
          await expectWhole(folder, runId)
        } finally {
          rmSync(folder, { recursive: true, force: true })
        }
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
    process.stdout.write(`${killedAt.length} kills, seed ${SEED}, at: ${killedAt.join(', ')}\n`)
  })
})

interface KillPoint {
  /** Events the process has written before. */
  events: number
  delayMs: number
}

/** Works on the run in a process that is killed at some point, unless it ends before. */
async function work(folder: string, runId: string, how: string, concurrency: string, point: KillPoint | undefined) {
  const before = linesOf(folder, runId)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-run.ts'), folder, runId, how, concurrency], {
    env: { ...process.env, HARNESS_STATE_DIR: join(folder, 'state'), HARNESS_TEST_IMAGE: IMAGE },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  if (point) {
    while (child.exitCode === null && linesOf(folder, runId) - before < point.events)
      await Promise.race([pause(20), ended])
    await Promise.race([pause(point.delayMs), ended])
    if (child.exitCode === null) {
      child.kill('SIGKILL')
      await ended
      return 'killed' as const
    }
  }
  return { code: await ended, output }
}

function linesOf(folder: string, runId: string): number {
  const file = join(folder, 'reports', runId, 'events.jsonl')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

/** Everything a finished run must be, whatever happened on the way. */
async function expectWhole(folder: string, runId: string): Promise<void> {
  const events = eventsOf(folder, runId)
  const finals = new Map<string, number>()
  for (const event of events) {
    if (event.type === 'cell-started') expect(finals.has(event.cell), `${event.cell} was repeated`).toBe(false)
    if (event.type === 'cell-ended' && !event.next && !event.cancelled)
      finals.set(event.cell, (finals.get(event.cell) ?? 0) + 1)
  }
  expect([...finals.values()]).toEqual([1, 1])
  const run = foldEvents(events)
  expect(run).toMatchObject({ ended: true, status: 'pass', exitCode: 0 })
  expect(run.cells.map(({ leaks }) => leaks)).toEqual([[], []])
  for (const { checks } of run.cells) expect(checks.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(PASSES)
  await using session = await openPlatformNamed(PLATFORM, platformOptions())
  expect(await session.resources({ runId })).toEqual([])
  expect(readdirSync(join(folder, 'state', 'ledger'))).toEqual([])
  expect(readdirSync(join(folder, 'state', 'runs'))).toEqual([])
  expect(processesOf(folder)).toEqual([])
}

/** For a platform that is simulated: where, as JSON in `HARNESS_KILL_OPTIONS`. */
function platformOptions(): Record<string, unknown> {
  return JSON.parse(process.env['HARNESS_KILL_OPTIONS'] ?? '{}') as Record<string, unknown>
}

const PASSES = SHORT ? [] : ['leak-own pass', 'leak-pair pass', 'leak-rest pass']

function eventsOf(folder: string, runId: string): RunEvent[] {
  const file = join(folder, 'reports', runId, 'events.jsonl')
  return existsSync(file) && readFileSync(file, 'utf8').includes('\n')
    ? parseEvents(readFileSync(file, 'utf8'), file).events
    : []
}

function reasons(folder: string, runId: string): string {
  return eventsOf(folder, runId)
    .flatMap((event) => (event.type === 'cell-ended' ? [`${event.cell}: ${event.status} ${event.reason ?? ''}`] : []))
    .join('\n')
}

function lastStep(folder: string, runId: string): string {
  const event = eventsOf(folder, runId).findLast(({ type }) => type !== 'step-progress')
  return event ? ['step' in event ? event.step : '', event.type].filter(Boolean).join(' ') : 'nothing written'
}

/** Processes whose environment names the folder: children that outlived their parent. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(folder)
      } catch {
        return false
      }
    })
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32
  }
}
