import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { sweep } from '../../../src/runner/sweep/sweep.ts'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { quickImage, whyNoQuickImage } from '../lxd/quick-image.ts'

const skip = (await whyNoLxd()) ?? (await whyNoQuickImage())
const rounds = Number(process.env['HARNESS_LEAK_ROUNDS'] ?? '20')
/** The bystander must look like the machine of somebody else, whose ledger is not here. */
const UNWRITTEN = { intend: async () => ({ created: async () => {}, destroyed: async () => {} }) }
/** What is left behind does not depend on what runs in a guest; `HARNESS_LEAK_IMAGE=debian-13` takes ten times as long. */
const OTHER_IMAGE = process.env['HARNESS_LEAK_IMAGE']
/** A whole run takes about so long, in milliseconds. */
const RUN_MS = OTHER_IMAGE === undefined ? 8_000 : 30_000

describe.skipIf(skip)(`a run that is killed${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let folder: string
  let session: Session
  const bystanders: Instance[] = []
  const before = process.env['HARNESS_STATE_DIR']

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'leak-test-'))
    process.env['HARNESS_STATE_DIR'] = join(folder, 'state')
    session = await openPlatformNamed('lxd', {}, { ledger: UNWRITTEN })
    const image = OTHER_IMAGE ?? (await quickImage())
    const matrix = {
      axes: { platform: ['lxd'], image: [image] },
      agent: { source: 'none' },
      suites: ['policy', 'regression'],
      checks: [join(import.meta.dirname, 'checks')],
      attempts: 1,
    }
    writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrix))
    // A machine of ours whose run nobody here knows and that has not expired: a sweep must not touch it.
    bystanders.push(await session.launch({ image: (await session.resolveImage(image)).id }))
  })

  afterAll(async () => {
    for (const bystander of bystanders) await bystander.destroy()
    await session.close()
    if (before === undefined) delete process.env['HARNESS_STATE_DIR']
    else process.env['HARNESS_STATE_DIR'] = before
    rmSync(folder, { recursive: true, force: true })
  })

  test(`at ${rounds} random moments leaves nothing after a sweep`, { timeout: rounds * 90_000 }, async () => {
    for (let round = 1; round <= rounds; round++) {
      const run = start(folder)
      const moment = Math.round(200 + Math.random() * RUN_MS)
      await Promise.race([pause(moment), run.ended])
      const steps = run.output().trim().split('\n').slice(-2).join(', ')
      run.child.kill('SIGKILL')
      const where = `round ${round}, killed after ${moment} ms at: ${steps}`
      // A run that is over before its moment must at least have been a good one.
      expect([null, 0], where).toContain(await run.ended)
      const result = await sweep({ platforms: [{ name: 'lxd', options: {} }] })
      expect(
        result.items.filter((item) => item.outcome !== 'removed'),
        where,
      ).toEqual([])
      await expectNothing(run, where)
    }
    expect(await Promise.all(bystanders.map((bystander) => bystander.state()))).toEqual(['running'])
  })

  test('by Ctrl-C cleans up and exits 130', { timeout: 120_000 }, async () => {
    const run = start(folder)
    await waitUntil({ what: 'the first boot', deadlineMs: 60_000 }, async () =>
      run.output().includes('step-started first-boot')
        ? { done: true, value: undefined }
        : { done: false, saw: run.output() },
    )
    run.child.kill('SIGINT')
    // The machines must be gone by the run's own doing: nothing sweeps here.
    expect(await run.ended).toBe(130)
    await expectNothing(run, 'Ctrl-C')
  })

  async function expectNothing(run: Run, where: string): Promise<void> {
    const runs = existsSync(join(folder, run.reports)) ? readdirSync(join(folder, run.reports)) : []
    const left = await Promise.all(runs.map((runId) => session.resources({ runId })))
    expect(left.flat(), where).toEqual([])
    expect(await readLedgers(), where).toEqual([])
    await waitUntil({ what: 'the processes of the run to end', deadlineMs: 10_000 }, async () => {
      const alive = processesWith(folder)
      return alive.length === 0 ? { done: true, value: undefined } : { done: false, saw: alive.join(', ') }
    })
    const temporary = readdirSync(tmpdir()).filter(
      (name) => name.startsWith('harness-') && name.includes(`-${run.child.pid}-`),
    )
    expect(temporary, where).toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(`-${run.child.pid}-`)
  }
})

interface Run {
  child: ChildProcess
  reports: string
  output: () => string
  ended: Promise<number | null>
}

let started = 0

function start(folder: string): Run {
  const reports = `reports-${++started}`
  const script = join(import.meta.dirname, 'run-cell.ts')
  const env = { ...process.env, HARNESS_STATE_DIR: join(folder, 'state') }
  const child = spawn(process.execPath, [script, join(folder, 'matrix.yaml'), join(folder, reports)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return { child, reports, output: () => text, ended: new Promise((resolve) => child.on('exit', resolve)) }
}

/** Processes that were started for the tests of this folder; this one has it in its own environment only since its start. */
function processesWith(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      if (!environment.includes(`HARNESS_STATE_DIR=${join(folder, 'state')}`)) return []
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return [`${pid} of ${parent}: ${words}`]
    } catch {
      return []
    }
  })
}
