import { closeSync, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { CancelledError, PlatformError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { saidError } from './errors.ts'

export interface Waiting {
  deadlineMs: number
  signal?: AbortSignal | undefined
}

interface Answer {
  return?: unknown
  error?: { class: string; desc: string }
  QMP?: object
  event?: string
}

/** Longest address of a unix socket that every system takes. */
const MAX_SOCKET_PATH = 100
/** More than this without a line end is no answer of QEMU. */
const MAX_LINE = 64 * 1024 * 1024

/**
 * A conversation with one QEMU over its monitor socket (QMP). QEMU listens to one client at a time and lets others wait,
 * so conversations are short: open, ask, close.
 */
export class QmpClient implements Disposable {
  readonly #socket: Socket
  readonly #lines: ((line: Answer | Error) => void)[] = []
  #rest = ''
  #broken: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => this.#take(chunk))
    socket.on('error', (error) => this.#break(error))
    socket.on('close', () => this.#break(new Error('QEMU closed the monitor')))
  }

  /** Opens the conversation. @throws PlatformError unavailable when nothing answers */
  static async open(path: string, waiting: Waiting): Promise<QmpClient> {
    const client = new QmpClient(connect(path))
    try {
      await client.#next('the greeting of QEMU', waiting)
      await client.execute('qmp_capabilities', {}, waiting)
      return client
    } catch (error) {
      client[Symbol.dispose]()
      throw error
    }
  }

  /** Runs one command. @throws PlatformError with what QEMU said */
  async execute(command: string, parameters: object, waiting: Waiting): Promise<unknown> {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`)
    for (;;) {
      const answer = await this.#next(`QEMU to ${command}`, waiting)
      if (answer.error) throw saidError(`to ${command}`, answer.error.desc)
      // Events come in between.
      if ('return' in answer) return answer.return
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #next(what: string, { deadlineMs, signal }: Waiting): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const end = (result: Answer | Error) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', cancel)
        if (result instanceof Error) reject(result)
        else resolve(result)
      }
      const cancel = () => end(new CancelledError(`cancelled while waiting for ${what}`))
      const timer = setTimeout(
        () => end(new PlatformError('unavailable', `gave up waiting for ${what} after ${formatMs(deadlineMs)}`)),
        Math.max(1, deadlineMs),
      )
      if (signal?.aborted) return cancel()
      signal?.addEventListener('abort', cancel, { once: true })
      if (this.#broken) return end(unavailable(this.#broken))
      this.#lines.push(end)
    })
  }

  #take(chunk: string): void {
    this.#rest += chunk
    if (this.#rest.length > MAX_LINE) return this.#break(new Error('the monitor sent no line end'))
    const lines = this.#rest.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const answer = JSON.parse(line) as Answer
      if (answer.event === undefined) this.#lines.shift()?.(answer)
    }
  }

  #break(error: Error): void {
    this.#broken ??= error
    for (const end of this.#lines.splice(0)) end(unavailable(error))
  }
}

/** Opens the monitor, runs commands one after another and closes it. Gives the answer of the last. */
export async function askQemu(
  path: string,
  commands: readonly (readonly [command: string, parameters?: object])[],
  waiting: Waiting,
): Promise<unknown> {
  using client = await QmpClient.open(path, waiting)
  let answer: unknown
  for (const [command, parameters] of commands) answer = await client.execute(command, parameters ?? {}, waiting)
  return answer
}

/** A path too long for a socket address is reached through the folder's descriptor. */
function connect(path: string): Socket {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return createConnection(path)
  const folder = openSync(dirname(path), 'r')
  const socket = createConnection(`/proc/self/fd/${folder}/${basename(path)}`)
  const close = () => closeSync(folder)
  socket.once('connect', close).once('error', close)
  return socket
}

function unavailable(cause: Error): PlatformError {
  return new PlatformError('unavailable', `the monitor of QEMU does not answer: ${cause.message}`, { cause })
}
