import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pause } from '../../src/core/wait-until.ts'
import type { RunEvent } from '../../src/results/event.ts'
import { harness, HARNESS } from './cli.ts'

/** How often a process is killed; `HARNESS_KILL_POINTS=200` for more. */
const POINTS = Number(process.env['HARNESS_KILL_POINTS'] ?? 5)
const IMAGES = ['debian-12', 'debian-13', 'debian-sid']
const FACTS = ['first-boot', 'after-reboot'].map((phase) => ({
  command: `sh.* -s ${phase}`,
  stdout: `%harness-facts 1 ${phase}\n%end\n`,
}))

let folder: string
let env: Record<string, string>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-resume-'))
  env = { HARNESS_STATE_DIR: join(folder, 'state') }
  const options = {
    images: IMAGES,
    answers: FACTS,
    directory: join(folder, 'cloud'),
    launchMs: 60,
    bootMs: 60,
    agentMs: 60,
    destroyMs: 60,
  }
  const matrix = {
    axes: { platform: ['fake'], image: IMAGES },
    agent: { source: 'none' },
    suites: [],
    platforms: { fake: { options } },
  }
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrix))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...args: string[]) => harness(args, { cwd: folder, env })
const runId = () => readdirSync(join(folder, 'reports'))[0] ?? ''

function events(): RunEvent[] {
  const file = join(folder, 'reports', existsSync(join(folder, 'reports')) ? runId() : '', 'events.jsonl')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as RunEvent]
    } catch {
      return []
    }
  })
}

/** Runs the command and kills it when so many more events are written. Undefined when it was killed. */
async function killedAfter(count: number, delayMs: number, ...args: string[]): Promise<number | null | undefined> {
  const before = events().length
  const child = spawn(HARNESS, args, { cwd: folder, env: { ...process.env, ...env }, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  while (child.exitCode === null && events().length - before < count) await Promise.race([pause(5), ended])
  await Promise.race([pause(delayMs), ended])
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGKILL')
  await ended
  return undefined
}

it(
  `a run goes on after each of ${POINTS} kills, and never repeats a finished cell`,
  { timeout: 60_000 + POINTS * 20_000 },
  async () => {
    let kills = 0
    for (let round = 0; kills < POINTS; round++) {
      let args = ['run', '-j', '2']
      let code: number | null | undefined
      for (;;) {
        code =
          kills < POINTS
            ? await killedAfter((kills * 11 + round) % 29, (kills * 37) % 90, ...args)
            : (await run(...args)).code
        if (code !== undefined) break
        kills++
        if (events().length > 0) args = ['run', '--resume', runId()]
        else rmSync(join(folder, 'reports'), { recursive: true, force: true })
      }
      expect(code).toBe(0)
      const finished = new Set<string>()
      for (const event of events()) {
        if (event.type === 'cell-started') expect(finished).not.toContain(event.cell)
        if (event.type === 'cell-ended') finished.add(event.cell)
      }
      expect(finished.size).toBe(IMAGES.length)
      expect(readdirSync(join(folder, 'cloud'))).toEqual([])
      expect(readdirSync(join(folder, 'state', 'ledger'))).toEqual([])
      expect(readFileSync(join(folder, 'reports', runId(), 'junit.xml'), 'utf8')).toContain('failures="0" errors="0"')
      rmSync(join(folder, 'reports'), { recursive: true })
    }
  },
)

it('what cannot be resumed is said in one line', async () => {
  expect((await run('run', '--resume', 'nothing')).stderr).toBe(
    'harness: nothing is not the folder of a run: it has no events.jsonl\n  harness list runs\n',
  )
  expect((await run('run', '--resume', 'x', '--filter', 'debian-13')).stderr).toBe(
    'harness: --resume takes the cells and options of the run; --filter would change them\n  leave out --filter, or start another run\n',
  )
  expect((await run('run')).code).toBe(0)
  const again = await run('run', '--resume', runId())
  expect(again).toMatchObject({
    code: 0,
    stderr: `the run has ended; there is nothing to go on with: reports/${runId()}\n`,
  })
  const elsewhere = await harness(['run', '--resume', runId()], {
    cwd: folder,
    env: { HARNESS_STATE_DIR: join(folder, 'other') },
  })
  expect(elsewhere.code).toBe(0)
  const file = join(folder, 'reports', runId(), 'events.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, -2).join('\n'))
  expect((await run('run', '--resume', runId())).stderr).toContain('was not begun on this host, or its state is gone')
})
