import { PlatformError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import type { ExecRequest, ExecResult, Transport } from '../../instance/transport/transport.ts'
import type { LxdClient } from './client.ts'
import { CommandShell } from './command-shell.ts'
import type { Sinks } from './command-shell.ts'
import { cancelledError } from './errors.ts'
import { killTree } from './exec-kill.ts'
import { MAX_COMMAND_BYTES } from './exec-script.ts'
import { FlowSink, feed } from './exec-flow.ts'
import { KeptBytes } from './marked-stream.ts'
import { WorkerPool } from './worker-pool.ts'

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024
const OPEN_MS = 20_000

interface Running {
  shell: CommandShell
  done: Promise<number | undefined>
  /** What is sent to the command, if it has a stdin of its own. */
  stdin?: ExecRequest['stdin']
  /** Called when the command ended by itself. */
  release(): void
}

/**
 * Commands by the exec of LXD, files by its files API; the network of the machine is not needed.
 * Commands without stdin run in shells that stay open, each in a session of its own; others get an exec of their own.
 */
export class LxdExecTransport implements Transport {
  readonly kind = 'lxd'
  readonly user = 'root'
  readonly #client: LxdClient
  readonly #instance: string
  readonly #pool: WorkerPool
  #closed = false

  constructor(client: LxdClient, instance: string) {
    this.#client = client
    this.#instance = instance
    this.#pool = new WorkerPool(() => CommandShell.openWorker(client, instance, { deadlineMs: OPEN_MS }))
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    this.#check(request)
    const started = performance.now()
    const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES
    const stderr = new KeptBytes(maxBytes)
    const kept = new KeptBytes(maxBytes)
    const flow = request.stdoutTo && new FlowSink(request.stdoutTo)
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(request.deadlineMs)))
    const stop = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
    const running = await this.#start(request, { stdout: flow ?? kept, stderr }, stop)
    flow?.attach(running.shell.channels.stdout)
    const feeding = feed(running.shell.channels.stdin, running.stdin, stop)
    try {
      const exitCode = await untilStopped(Promise.race([running.done, failing(feeding), failing(flow?.failed)]), stop)
      if (exitCode === undefined) throw await this.#lost(running.shell)
      flow?.detach()
      running.release()
      const truncated = kept.truncated || stderr.truncated
      return {
        exitCode,
        stdout: kept.bytes(),
        stderr: stderr.bytes(),
        truncated,
        durationMs: performance.now() - started,
      }
    } catch (error) {
      throw await this.#stopped(running.shell, request, stop.aborted, error)
    }
  }

  close(): Promise<void> {
    this.#closed = true
    this.#pool.close()
    return Promise.resolve()
  }

  #check(request: ExecRequest): void {
    if (this.#closed) throw new TransportError('lost', `the line to ${this.#instance} was closed`)
    if (request.signal?.aborted) throw cancelledError(`a command on ${this.#instance}`)
    if (request.command.includes('\0')) throw new TransportError('protocol', 'a command cannot contain a NUL character')
    if (Buffer.byteLength(request.command) > MAX_COMMAND_BYTES) {
      throw new TransportError('protocol', 'the command is longer than 120 KiB', { hint: 'run it as a script' })
    }
  }

  async #start(request: ExecRequest, sinks: Sinks, stop: AbortSignal): Promise<Running> {
    const env = request.env ?? {}
    try {
      const shell = request.stdin === undefined ? await this.#pool.acquire(stop) : undefined
      if (!shell) {
        const once = await CommandShell.openOnce(this.#client, this.#instance, request.command, env, sinks, {
          deadlineMs: Math.min(OPEN_MS, request.deadlineMs),
          signal: stop,
        })
        return { ...once, stdin: request.stdin ?? '', release: () => once.shell.close() }
      }
      const { done, ready } = shell.run(request.command, env, sinks)
      return { shell, done, release: () => void ready.then((reusable) => this.#pool.release(shell, reusable)) }
    } catch (error) {
      if (request.signal?.aborted) throw cancelledError(`a command on ${this.#instance}`)
      if (stop.aborted)
        throw new TransportError(
          'timeout',
          `${this.#instance} did not take a command within ${formatMs(request.deadlineMs)}`,
        )
      throw asTransportError(error, this.#instance)
    }
  }

  /** Makes sure that a command that did not end by itself is gone, and tells why. */
  async #stopped(shell: CommandShell, request: ExecRequest, stopped: boolean, error: unknown): Promise<unknown> {
    const survivors = await killTree(this.#client, this.#instance, shell)
    this.#pool.release(shell, false)
    if (request.signal?.aborted) return cancelledError(`a command on ${this.#instance}`)
    if (!stopped) return error
    const end =
      survivors === 0
        ? 'it was killed'
        : survivors === undefined
          ? 'its end could not be verified'
          : `${survivors} processes of it could not be killed`
    return new TransportError(
      'timeout',
      `a command on ${this.#instance} did not end within ${formatMs(request.deadlineMs)}; ${end}: ${request.command.slice(0, 200)}`,
    )
  }

  async #lost(shell: CommandShell): Promise<TransportError> {
    const { text } = await shell.explainEnd()
    return new TransportError('lost', `the line to ${this.#instance} broke while a command ran: ${text}`)
  }
}

/** Opens a line and proves that it carries a command. @throws TransportError, retryable while the machine is not up */
export async function openExecTransport(
  client: LxdClient,
  instance: string,
  options: { deadlineMs: number; signal?: AbortSignal },
) {
  const transport = new LxdExecTransport(client, instance)
  try {
    await transport.exec({ command: ':', ...options })
    return transport
  } catch (error) {
    await transport.close()
    throw error
  }
}

function asTransportError(error: unknown, instance: string): unknown {
  if (!(error instanceof PlatformError)) return error
  if (/is not running|is frozen|not found/i.test(error.message)) {
    return new TransportError('refused', `${instance} takes no commands: ${error.message}`, { cause: error })
  }
  if (error.kind === 'unavailable')
    return new TransportError('lost', `no line to ${instance}: ${error.message}`, { cause: error })
  return error
}

function untilStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  promise.catch(() => undefined)
  return new Promise((resolve, reject) => {
    const abort = () => reject(stop.reason)
    if (stop.aborted) return abort()
    stop.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => stop.removeEventListener('abort', abort))
  })
}

/** Never resolves; rejects when `promise` does. */
function failing(promise: Promise<unknown> | undefined): Promise<never> {
  return new Promise((_, reject) => void promise?.catch(reject))
}
