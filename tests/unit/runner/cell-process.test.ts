import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newSshIdentity } from '../../../src/instance/ssh-keys.ts'
import { CellProcess } from '../../../src/runner/judge/cell-process.ts'
import type { ChildSpec, ToChild } from '../../../src/runner/judge/protocol.ts'
import { testFolder } from './fake-run.ts'

const ENTRY = join(import.meta.dirname, '../../../src/runner/judge/cell-child.ts')

test('a process that would not exit is gone with its owner all the same', { timeout: 60_000 }, async () => {
  using folder = testFolder()
  const spec = { ...specOf(), socket: join(folder.path, 's'), progress: join(folder.path, 'progress.jsonl') }
  const owner = createServer((connection) => connection.on('error', () => {})).listen(spec.socket)
  onTestFinished(() => void owner.close())
  const stays = 'data:text/javascript,process.on("exit", () => { for (;;); })'
  const child = fork(ENTRY, [], {
    detached: true,
    execArgv: ['--import', stays],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))

  child.send({ type: 'spec', spec } satisfies ToChild)
  await once(owner, 'connection')
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
})

test('a process that begins nothing is ended after a while', { timeout: 60_000 }, async () => {
  using folder = testFolder()
  const stuck = join(import.meta.dirname, 'checks/stuck-in-the-worker.ts')
  const judging = new CellProcess({
    spec: { ...specOf(), files: { modules: [stuck], scripts: [] } },
    tmpDir: folder.path,
    log: join(folder.path, 'log'),
    onStarted: () => {},
    onEnded: () => {},
    onNeedInstance: () => Promise.reject(new Error('there is none')),
    classify: () => ({ error: { name: 'Error', message: 'none', blame: 'harness' }, status: 'error' }),
    idleMs: 5000,
  })
  const end = await judging.judge(
    {
      facts: [],
      machines: [],
      own: false,
      platform: 'none',
      platformOptions: {},
      identity: newSshIdentity('none'),
    },
    new AbortController().signal,
  )
  expect(end).toEqual({
    broken: 'was stopped because no check was in progress for 5.0 s',
    unhandled: [],
    inProgress: [],
  })
})

function specOf(): Omit<ChildSpec, 'socket' | 'progress'> {
  return {
    cell: {
      id: 'facts',
      platform: 'none',
      image: 'none',
      distribution: 'none',
      release: 'none',
      instanceType: 'none',
      boot: 'container',
      agent: { name: 'cloud-init', source: 'none' },
      suites: [],
    },
    files: { modules: [], scripts: [] },
    planned: [],
    capabilities: [],
    attachments: '',
    live: false,
  }
}
