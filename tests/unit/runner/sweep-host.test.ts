import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { markText, ownMark } from '../../../src/core/process-mark.ts'
import { removeHostLeftovers, staleHostPaths } from '../../../src/runner/sweep/sweep-host.ts'

let folder: string
let proxy: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweep-host-'))
  writeFileSync(join(folder, 'forkproxy'), "process.stdout.write('up'); setTimeout(() => {}, 600_000)")
})
afterEach(() => {
  proxy?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** A process with the arguments of LXD's proxy of one socket. */
async function startProxy(socket: string, verb = 'forkproxy'): Promise<ChildProcess> {
  if (verb !== 'forkproxy')
    writeFileSync(join(folder, verb), "process.stdout.write('up'); setTimeout(() => {}, 600_000)")
  const words = [
    '--',
    '321',
    '3',
    'tcp:169.254.169.254:80',
    '314',
    '4',
    `unix:${socket}`,
    '',
    '',
    '0644',
    '',
    '',
    '',
    '',
  ]
  proxy = spawn(process.execPath, [verb, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  if (proxy.stdout) await once(proxy.stdout, 'data')
  return proxy
}

const abandoned = (mark: string) => join(tmpdir(), `harness-imds-${mark}-${folder.slice(-6)}`)

test('finds and ends a proxy that outlived its guest, the process that served it and the folder of its socket', async () => {
  const gone = abandoned('999999999-1')
  const child = await startProxy(join(gone, 'metadata'))
  expect(existsSync(gone)).toBe(false)
  expect(await staleHostPaths()).toContain(gone)
  const exit = once(child, 'exit')
  await removeHostLeftovers(gone)
  expect(await exit).toEqual([null, 'SIGKILL'])
  expect(await staleHostPaths()).not.toContain(gone)
})

test('ends such a proxy together with the folder where that is still there', async () => {
  const stale = abandoned('999999999-2')
  mkdirSync(stale)
  const child = await startProxy(join(stale, 'metadata'))
  const exit = once(child, 'exit')
  await removeHostLeftovers(stale)
  expect(await exit).toEqual([null, 'SIGKILL'])
  expect(existsSync(stale)).toBe(false)
})

test('leaves a proxy alone whose process still serves', async () => {
  const served = abandoned(markText(ownMark()))
  await startProxy(join(served, 'metadata'))
  expect(await staleHostPaths()).not.toContain(served)
})

test('leaves alone what only names such a socket, as an editor or a debugger of a user does', async () => {
  const gone = abandoned('999999999-3')
  const child = await startProxy(join(gone, 'metadata'), 'editor')
  expect(await staleHostPaths()).not.toContain(gone)
  await removeHostLeftovers(gone)
  expect(child.exitCode ?? child.signalCode).toBe(null)
})
