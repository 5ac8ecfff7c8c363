import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'
import type { EventOf, RunEvent } from '../../../src/results/event.ts'
import { type RunOptions, type RunResult, runMatrix } from '../../../src/runner/run.ts'

/** A whole run on the platform `fake`, in folders of its own. */
export interface FakeRun extends RunResult {
  events: RunEvent[]
  records: CheckRecord[]
  ends: EventOf<'cell-ended'>[]
  of: <T extends RunEvent['type']>(type: T) => EventOf<T>[]
}

/** Gathering real facts would run the whole script in the small shell of the fake; these tests judge the runner, not facts. */
export const FACTS = ['first-boot', 'after-reboot'].map((phase) => ({
  command: `sh.* -s ${phase}`,
  stdout: `%harness-facts 1 ${phase}\n%end\n`,
}))

export interface FakeOptions extends Partial<RunOptions> {
  /** Options of the platform, and settings of the matrix beside them. */
  platform?: Record<string, unknown>
  matrix?: Record<string, unknown>
  images?: string[]
}

/** State and reports of one test, gone with it. */
export function testFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'runner-test-'))
  const before = process.env['HARNESS_STATE_DIR']
  process.env['HARNESS_STATE_DIR'] = join(path, 'state')
  return {
    path,
    [Symbol.dispose]() {
      if (before === undefined) delete process.env['HARNESS_STATE_DIR']
      else process.env['HARNESS_STATE_DIR'] = before
      rmSync(path, { recursive: true, force: true })
    },
  }
}

export async function fakeRun(folder: string, options: FakeOptions = {}): Promise<FakeRun> {
  const { platform = {}, matrix = {}, images = ['debian-13'], ...run } = options
  const text = JSON.stringify({
    axes: { platform: ['fake'], image: images },
    agent: { source: 'none' },
    suites: [],
    attempts: 1,
    timeouts: { boot: '10 seconds', check: '2 seconds' },
    platforms: { fake: { options: { world: folder, adopt: true, images, answers: FACTS, ...platform } } },
    ...matrix,
  })
  const { cells, excluded } = expandMatrix(parseMatrix(text, join(folder, 'matrix.yaml')))
  const events: RunEvent[] = []
  const result = await runMatrix({
    cells,
    excluded,
    reportsDir: join(folder, 'reports'),
    concurrency: 2,
    builtInChecks: [],
    ...run,
    onEvent: (event) => {
      events.push(event)
      run.onEvent?.(event)
    },
  })
  const of = <T extends RunEvent['type']>(type: T) => events.filter((event): event is EventOf<T> => event.type === type)
  return { ...result, events, of, ends: of('cell-ended'), records: of('check-ended').map((event) => event.record) }
}

/** Path of a folder or file with checks for these tests. */
export function checksAt(name: string): string {
  return join(import.meta.dirname, 'checks', name)
}
