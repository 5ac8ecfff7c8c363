import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorRecord } from '../../core/errors.ts'
import { cacheDir } from '../../core/paths.ts'
import { formatMs } from '../../core/duration.ts'
import { pause } from '../../core/wait-until.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { onJsonLines, sendJsonLine } from './json-lines.ts'
import type { PlannedCheck } from '../plan/planned-check.ts'
import { ProgressTail } from './progress-tail.ts'
import type { CheckOutcome, ChildInputs, ChildSpec, FromChild, FromWorker, ToChild, ToWorker } from './protocol.ts'

export interface CellProcessOptions {
  spec: Omit<ChildSpec, 'socket' | 'progress'>
  /** Private folder for the socket and the progress file; its path must be short. */
  tmpDir: string
  /** Receives what the process prints. */
  log: string
  onStarted: (planned: PlannedCheck) => void
  onEnded: (planned: PlannedCheck, outcome: CheckOutcome) => void
  /** A check asked an instance to boot. */
  onBooted?: () => void
  /** Launches the instance of a group and tells its machine. */
  onNeedInstance: (group: string) => Promise<string>
  /** Status of an error of `onNeedInstance`. */
  classify: (error: unknown) => { error: ErrorRecord; status: CheckRecord['status'] }
  /** Milliseconds the process may spend without a check in progress, for example to load checks. Default 3 minutes. */
  idleMs?: number
}

/** How the process ended. */
export interface CellProcessEnd {
  /** Why it was stopped, or how it died; absent when it finished by itself. */
  broken?: string
  unhandled: ErrorRecord[]
  /** Checks that had begun and did not end. */
  inProgress: PlannedCheck[]
}

const GRACE_MS = 5000
/** Time the test runner itself gets to end a check whose time is over. A blocked event loop never does. */
const OVERTIME_MS = 5000
const IDLE_MS = 180_000

/** The process that judges one cell, seen from the one that owns its machines. */
export class CellProcess {
  readonly #options: CellProcessOptions
  readonly #child: ChildProcess
  readonly #server: Server
  readonly #tail: ProgressTail
  readonly #planned: Map<string, PlannedCheck>
  readonly #begun = new Map<string, number>()
  readonly #idleMs: number
  /** When there was last something to wait for. */
  #busyAt = performance.now()
  readonly #ended = Promise.withResolvers<void>()
  #worker: Socket | undefined
  #inputs: ChildInputs | undefined
  #finished: Extract<FromChild, { type: 'finished' }> | undefined
  #exited: string | undefined
  #stopped: string | undefined

  /** Starts the process; it loads checks and then waits for `judge`. */
  constructor(options: CellProcessOptions) {
    this.#options = options
    this.#idleMs = options.idleMs ?? IDLE_MS
    const socket = join(options.tmpDir, 's')
    const progress = join(options.tmpDir, 'progress.jsonl')
    writeFileSync(progress, '')
    this.#tail = new ProgressTail(progress)
    this.#planned = new Map(options.spec.planned.map((planned) => [planned.key, planned]))
    this.#server = createServer((connection) => this.#accept(connection)).listen(socket)
    this.#server.unref()
    const here = fileURLToPath(import.meta.url)
    this.#child = fork(join(dirname(here), `cell-child${extname(here)}`), [], {
      // A group of its own: Ctrl-C in a terminal reaches only the owner of the machines, which then decides.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(cacheDir(), 'compile'),
        NO_COLOR: '1',
        FORCE_COLOR: '',
        HARNESS_CELL: options.spec.cell.id,
      },
    })
    const log = createWriteStream(options.log, { flags: 'a' })
    // A log that cannot be kept must not end the run; the process of the checks must not block on its output either.
    log.on('error', () => {
      this.#child.stdout?.resume()
      this.#child.stderr?.resume()
    })
    this.#child.stdout?.pipe(log)
    this.#child.stderr?.pipe(log)
    this.#child.on('message', (message: FromChild) => {
      if (message.type === 'finished') this.#finished = message
      else if (log.writable) log.write(`${message.line}\n`)
    })
    this.#child.on('error', (error) => this.#end(error.message))
    this.#child.on('exit', (code, signal) => this.#end(signal ? `was ended by ${signal}` : `exited with ${code}`))
    const spec: ChildSpec = { ...options.spec, socket, progress }
    this.#child.send({ type: 'spec', spec } satisfies ToChild)
  }

  /** Hands over what there is to judge and waits for the end. When `signal` fires, checks in progress get a short grace. */
  async judge(inputs: ChildInputs, signal: AbortSignal): Promise<CellProcessEnd> {
    this.#inputs = inputs
    this.#busyAt = performance.now()
    if (this.#worker) this.#say({ type: 'go', inputs })
    const stop = () => this.cancel('cancelled')
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (this.#exited === undefined) {
        await Promise.race([pause(100), this.#ended.promise])
        this.#report()
        this.#stopOverdue()
        this.#stopIdle()
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
    this.#report()
    this.close()
    const inProgress = [...this.#begun.keys()].flatMap((key) => this.#planned.get(key) ?? [])
    const unhandled = [...(this.#finished?.unhandled ?? []), ...(this.#finished?.brokenModules ?? [])]
    const broken = this.#stopped ?? (this.#finished ? undefined : this.#exited)
    return { ...(broken === undefined ? {} : { broken }), unhandled, inProgress }
  }

  /** Asks the process to end; kills its whole group when it does not do so in time. */
  cancel(why: string): void {
    if (this.#exited !== undefined) return
    this.#stopped ??= why
    if (this.#child.connected) this.#child.send({ type: 'cancel' } satisfies ToChild)
    void Promise.race([pause(GRACE_MS), this.#ended.promise]).then(() => this.#kill())
  }

  /** Ends everything at once. */
  close(): void {
    this.#kill()
    this.#worker?.destroy()
    this.#server.close()
  }

  #accept(connection: Socket): void {
    this.#worker = connection
    connection.on('error', () => {})
    onJsonLines(connection, (message) => void this.#take(message as FromWorker))
  }

  async #take(message: FromWorker): Promise<void> {
    if (message.type === 'ready') {
      if (this.#inputs) this.#say({ type: 'go', inputs: this.#inputs })
      return
    }
    const { group } = message
    try {
      this.#say({ type: 'instance', group, machineId: await this.#options.onNeedInstance(group) })
    } catch (error) {
      this.#say({ type: 'instance-failed', group, ...this.#options.classify(error) })
    }
  }

  #say(message: ToWorker): void {
    if (this.#worker) sendJsonLine(this.#worker, message)
  }

  #report(): void {
    for (const line of this.#tail.read()) {
      if (line.type === 'booted') this.#options.onBooted?.()
      const planned = this.#planned.get(line.key)
      if (!planned || line.type === 'booted') continue
      if (line.type === 'started') {
        this.#begun.set(line.key, Date.parse(line.at))
        this.#options.onStarted(planned)
      } else {
        this.#begun.delete(line.key)
        this.#options.onEnded(planned, line.outcome)
      }
    }
  }

  #stopOverdue(): void {
    for (const [key, begun] of this.#begun) {
      const planned = this.#planned.get(key)
      if (!planned || Date.now() - begun < planned.timeoutMs + OVERTIME_MS) continue
      this.#stopped ??= `${planned.id} blocked the process for longer than its time`
      this.#kill()
    }
  }

  /** A check that asks for an instance is in progress meanwhile. */
  #stopIdle(): void {
    if (this.#begun.size > 0) this.#busyAt = performance.now()
    if (performance.now() - this.#busyAt < this.#idleMs) return
    this.#stopped ??= `was stopped because no check was in progress for ${formatMs(this.#idleMs)}`
    this.#kill()
  }

  #end(how: string): void {
    this.#exited ??= how
    // Workers of a process that died by itself must not outlive it.
    this.#kill()
    this.#ended.resolve()
  }

  #kill(): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // the group is gone
    }
  }
}
