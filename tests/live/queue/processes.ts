import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '../../../src/core/wait-until.ts'
import type { EventOf, RunEvent } from '../../../src/results/event.ts'
import { parseEvents } from '../../../src/results/read-events.ts'

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts')

/** A process of the harness, whose output can be waited for. */
export interface Running {
  child: ChildProcess
  ended: Promise<number | null>
  output: () => string
  /** Resolves when the output matches. */
  says: (pattern: RegExp) => Promise<void>
}

/** A folder for one run: its matrix, its reports, and the state of every process as if each had a host of its own. */
export class Stage implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'queue-run-'))
  readonly #url: string
  readonly #running: Running[] = []

  constructor(url: string, matrix: Record<string, unknown>) {
    this.#url = url
    writeFileSync(join(this.folder, 'matrix.yaml'), JSON.stringify(matrix))
  }

  worker(name: string, ...args: string[]): Running {
    return this.#start(['worker', '--name', name, '--database', this.#url, ...args], name)
  }

  run(...args: string[]): Running {
    return this.#start(['run', '--executor', 'queue', '--database', this.#url, '--suite', 'none', ...args], 'owner')
  }

  /** `harness list KIND` of what the workers share. */
  list(kind: 'spending' | 'leases'): Running {
    return this.#start(['list', kind, '--database', this.#url], 'owner')
  }

  /** Events of the only run there is. */
  events(output: string): RunEvent[] {
    const [, dir = ''] = /(reports\/[^/\s]+)\/index\.html/.exec(output) ?? []
    this.runDir = join(this.folder, dir)
    return parseEvents(readFileSync(join(this.runDir, 'events.jsonl'), 'utf8'), 'events.jsonl').events
  }

  runDir = ''

  stateOf(name: string): string {
    return join(this.folder, `state-${name}`)
  }

  #start(args: string[], name: string): Running {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', HARNESS_STATE_DIR: this.stateOf(name) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
    const running: Running = {
      child,
      ended: new Promise((resolve) => child.on('close', resolve)),
      output: () => output,
      says: (pattern) =>
        waitUntil({ what: `${name} to say ${pattern.source}`, deadlineMs: 90_000 }, async () =>
          pattern.test(output) ? { done: true, value: undefined } : { done: false, saw: output.slice(-300) },
        ),
    }
    this.#running.push(running)
    return running
  }

  [Symbol.dispose](): void {
    for (const { child } of this.#running) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The last `cell-ended` of every cell. */
export function finalEnds(events: readonly RunEvent[]): Map<string, EventOf<'cell-ended'>> {
  const ends = new Map<string, EventOf<'cell-ended'>>()
  for (const event of events) if (event.type === 'cell-ended') ends.set(event.cell, event)
  return ends
}
