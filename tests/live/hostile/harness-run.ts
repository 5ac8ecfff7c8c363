import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'
import type { EventOf, RunEvent } from '../../../src/results/event.ts'
import { image } from '../lxd/open-lxd.ts'

const children = new Map<string, ChildProcess[]>()

/** A folder for one test, with a state folder of its own. A run that still goes on when the test failed ends with it. */
export function testFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hostile-'))
  return {
    path,
    [Symbol.dispose]() {
      for (const child of children.get(path) ?? []) child.kill('SIGTERM')
      rmSync(path, { recursive: true, force: true })
    },
  }
}

export interface RunRequest {
  folder: string
  /** Laid over a matrix of one LXD cell without suites that has two minutes to boot and one attempt. */
  matrix?: Record<string, unknown>
  userData?: string
  image?: string
  args?: readonly string[]
  reports?: string
  env?: Record<string, string>
}

/** `harness run` as a user starts it. */
export interface HarnessRun {
  child: ChildProcess
  folder: string
  stdout: () => string
  stderr: () => string
  /** What its events say up to now. */
  events: () => RunEvent[]
  dir: () => string
  ended: Promise<Ended>
}

export interface Ended {
  code: number | null
  dir: string
  stdout: string
  stderr: string
  of: <T extends RunEvent['type']>(type: T) => EventOf<T>[]
  /** The end of the only cell. */
  cell: EventOf<'cell-ended'> | undefined
  records: CheckRecord[]
  /** Most memory the process ever had, in KiB. */
  peakKiB: number
}

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts')
let runs = 0

export function startRun(request: RunRequest): HarnessRun {
  const { folder } = request
  const number = ++runs
  const matrix = {
    axes: { platform: ['lxd'], image: [request.image ?? image] },
    agent: { source: 'none' },
    suites: [],
    attempts: 1,
    timeouts: { boot: '2 minutes', check: '20 seconds', cleanup: '30 seconds' },
    ...(request.userData === undefined ? {} : { 'user-data': request.userData }),
    ...request.matrix,
  }
  const file = join(folder, `matrix-${number}.yaml`)
  writeFileSync(file, JSON.stringify(matrix))
  const reports = request.reports ?? join(folder, `reports-${number}`)
  const args = [MAIN, 'run', '--matrix', file, '--reports-dir', reports, ...(request.args ?? [])]
  const child = spawn(process.execPath, args, { cwd: folder, env: environment(folder, request.env), stdio: 'pipe' })
  children.set(folder, [...(children.get(folder) ?? []), child])
  child.stdin.end()
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const dir = () => {
    const names = existsSync(reports) ? readdirSync(reports) : []
    return join(reports, names.find((name) => /^\d{8}-\d{6}-/.test(name)) ?? '')
  }
  const events = () => readEvents(dir())
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  const ended = Promise.all([closed, watchMemory(child.pid ?? 0, closed)]).then(([code, peakKiB]): Ended => {
    const all = events()
    const of = <T extends RunEvent['type']>(type: T) => all.filter((event): event is EventOf<T> => event.type === type)
    const records = of('check-ended').map((event) => event.record)
    return { code, dir: dir(), stdout, stderr, of, cell: of('cell-ended').at(-1), records, peakKiB }
  })
  return { child, folder, stdout: () => stdout, stderr: () => stderr, events, dir, ended }
}

/** Another command of the harness, for example `sweep`. */
export async function command(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: environment(folder, env), stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output }
}

/** Waits until a run has come to an event. */
export async function untilEvent(run: HarnessRun, what: string, wanted: (event: RunEvent) => boolean): Promise<void> {
  await waitUntil({ what, deadlineMs: 240_000, intervalMs: 50, maxIntervalMs: 100 }, async () => {
    if (run.events().some(wanted)) return { done: true, value: undefined }
    const saw = `${run.stdout().slice(-1000)} ${run.stderr().slice(-300)}`
    if (run.child.exitCode !== null) throw new Error(`the run ended before ${what}: ${saw}`)
    return { done: false, saw }
  })
}

export const begins = (step: string) => (event: RunEvent) => event.type === 'step-started' && event.step === step

/** What LXD still has of a run. */
export async function leftOf(run: Ended | HarnessRun, options: Record<string, unknown> = {}): Promise<string[]> {
  const dir = typeof run.dir === 'string' ? run.dir : run.dir()
  await using session = await openPlatformNamed('lxd', options)
  const resources = await session.resources({ runId: dir.split('/').at(-1) ?? '' })
  return resources.map(({ kind, id }) => `${kind} ${id}`)
}

/** What somebody can read of the cell: messages of failed steps and the names of kept logs. */
export function evidenceOf(run: Ended): { failed: string[]; logs: string[] } {
  return {
    failed: run.of('step-ended').flatMap(({ step, error }) => (error ? [`${step}: ${error.message}`] : [])),
    logs: run.of('log-collected').map(({ file }) => file.split('/logs/').at(-1) ?? ''),
  }
}

/** With temporary files of its own: a sweep must not find what other tests have killed. */
function environment(folder: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const TMPDIR = join(folder, 'tmp')
  mkdirSync(TMPDIR, { recursive: true })
  return { ...process.env, NO_COLOR: '1', HARNESS_STATE_DIR: join(folder, 'state'), TMPDIR, ...more }
}

function readEvents(dir: string): RunEvent[] {
  const file = join(dir, 'events.jsonl')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text.split('\n').flatMap((line): RunEvent[] => {
    try {
      return [JSON.parse(line) as RunEvent]
    } catch {
      return []
    }
  })
}

async function watchMemory(pid: number, closed: Promise<unknown>): Promise<number> {
  let peak = 0
  let over = false
  void closed.then(() => (over = true))
  while (!over) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      peak = Math.max(peak, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0))
    } catch {
      // it has just ended
    }
    await Promise.race([pause(200), closed])
  }
  return peak
}
