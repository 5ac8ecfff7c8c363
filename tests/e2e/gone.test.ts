import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitUntil } from '../../src/core/wait-until.ts'
import { HARNESS, harness } from './cli.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'harness-gone-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a run of one cell, whose machine takes a while to boot. */
function start(before = '') {
  const options = { bootMs: 1500, world: 'gone' }
  const matrix = { axes: { platform: ['fake'], image: ['debian-13'] }, platforms: { fake: { options } } }
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrix))
  const args = ['run', '--matrix', join(folder, 'matrix.yaml'), '--suite', 'none', '--reports-dir', folder]
  const child = spawn('sh', ['-c', `${before} exec "$@"`, 'sh', HARNESS, ...args, '--agent-source', 'none'], {
    env: { ...process.env, NO_COLOR: '1', HARNESS_STATE_DIR: join(folder, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  return { child, ended }
}

const events = () => {
  const [run = ''] = readdirSync(folder).filter((name) => /^\d{8}-/.test(name))
  const file = join(folder, run, 'events.jsonl')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  // The last one may be on its way.
  const whole = lines.filter((line) => line.endsWith('}'))
  return whole.map((line) => JSON.parse(line) as { type: string; step?: string; exitCode?: number })
}

const ended = () => events().flatMap(({ type, step }) => (type === 'step-ended' && step ? [step] : []))

/** Until there is a machine, which boots. */
const untilLaunched = () =>
  waitUntil({ what: 'a machine', deadlineMs: 30_000 }, () => {
    const saw = ended()
    return Promise.resolve(saw.includes('launch') ? { done: true, value: undefined } : { done: false, saw: saw.join() })
  })

/** What the machine of the only cell came to. */
const destroyed = () => ended().includes('destroy')

describe('a run goes on to its verdict', () => {
  test('when its reader goes away', async () => {
    const run = start()
    await untilLaunched()
    run.child.stdout.destroy()
    run.child.stderr.destroy()
    expect(await run.ended).toBe(0)
    expect([destroyed(), events().at(-1)]).toMatchObject([true, { type: 'run-ended', exitCode: 0 }])
  })

  test('when its terminal goes away under nohup', async () => {
    const run = start("trap '' HUP;")
    await untilLaunched()
    run.child.kill('SIGHUP')
    expect(await run.ended).toBe(0)
    expect([destroyed(), events().at(-1)]).toMatchObject([true, { type: 'run-ended', exitCode: 0 }])
  })
})

test('a run whose terminal goes away cleans up', async () => {
  const run = start()
  await untilLaunched()
  run.child.kill('SIGHUP')
  run.child.stdout.destroy()
  run.child.stderr.destroy()
  expect(await run.ended).toBe(130)
  expect([destroyed(), events().at(-1)]).toMatchObject([true, { type: 'run-ended', exitCode: 130 }])
})

test('a list whose reader goes away ends as it would have', async () => {
  const shown = spawn('sh', ['-c', '"$0" list | head -n 1', HARNESS], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  shown.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise((resolve) => shown.on('close', resolve))
  expect(text.split('\n')).toHaveLength(2)
  expect((await harness(['list'])).code).toBe(0)
})
