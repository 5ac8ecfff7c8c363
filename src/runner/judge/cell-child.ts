import type {} from 'vitest/config'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVitest, type Reporter, type Vitest } from 'vitest/node'
import type { ErrorRecord } from '../../core/errors.ts'
import { TESTING_ENTRY } from '../checks/load-checks.ts'
import type { ChildSpec, FromChild, ToChild } from './protocol.ts'

// The process of one cell: it runs the test runner, and nothing else of the harness depends on its survival.
process.on('SIGINT', () => {})
// The owner is gone. Killed as a group: an exit waits for threads of the test runner, and leaves its workers to themselves.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))

let runner: Vitest | undefined
let cancelled = false

process.on('message', (message: ToChild) => {
  if (message.type === 'spec') void judge(message.spec)
  else {
    cancelled = true
    void runner?.cancelCurrentRun('keyboard-input')
  }
})

async function judge(spec: ChildSpec): Promise<void> {
  const suite = join(dirname(fileURLToPath(import.meta.url)), `cell-suite${extname(import.meta.url)}`)
  let finished: Extract<FromChild, { type: 'finished' }> | undefined
  const reporter: Reporter = {
    onTestRunEnd: (modules, unhandled, reason) => {
      finished = {
        type: 'finished',
        reason,
        unhandled: unhandled.map(errorRecord),
        brokenModules: modules.flatMap((module) => module.errors().map(errorRecord)),
      }
    },
    onUserConsoleLog: (log) => say({ type: 'log', line: log.content.trimEnd() }),
  }
  try {
    runner = await createVitest(
      { config: false, watch: false, root: dirname(suite) },
      {
        envDir: false,
        css: { postcss: {} },
        logLevel: 'error',
        resolve: { alias: { 'harness/testing': TESTING_ENTRY } },
        test: {
          name: spec.cell.id,
          include: [basename(suite)],
          exclude: ['**/.git/**'],
          pool: 'forks',
          isolate: false,
          maxWorkers: 1,
          maxConcurrency: 8,
          cache: false,
          // Failure messages show the whole list that was found; what is stored is capped later.
          chaiConfig: { truncateThreshold: 0 },
          provide: { harness: spec },
          env: { NO_COLOR: '1' },
          reporters: [reporter],
        },
      },
    )
    if (!cancelled) await runner.start()
    await runner.close()
  } catch (error) {
    finished = { type: 'finished', reason: 'failed', unhandled: [errorRecord(error as Error)], brokenModules: [] }
  }
  const end = finished ?? { type: 'finished', reason: 'interrupted', unhandled: [], brokenModules: [] }
  process.send?.(end, () => process.exit(0))
}

function say(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

function errorRecord(error: { name?: string; message: string; stack?: string }): ErrorRecord {
  return {
    name: error.name ?? 'Error',
    message: error.message,
    blame: 'harness',
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  }
}
