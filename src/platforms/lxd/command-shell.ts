import { randomBytes } from 'node:crypto'
import { TransportError } from '../../core/errors.ts'
import type { OperationInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { onceCommand, workerLine, workerPrelude } from './exec-script.ts'
import type { ExecChannels } from './exec-session.ts'
import { closeExec, openExec } from './exec-session.ts'
import { MarkedChannel } from './marked-stream.ts'
import type { ByteSink } from './marked-stream.ts'

/** Where a command's output goes. */
export interface Sinks {
  stdout: ByteSink
  stderr: ByteSink
}

interface Opening {
  deadlineMs: number
  signal?: AbortSignal | undefined
}

const NOWHERE: ByteSink = { write: () => undefined }

/** A shell on the machine that runs commands and marks their ends; one exec of LXD. */
export class CommandShell {
  readonly channels: ExecChannels
  readonly #client: LxdClient
  readonly #stdout = new MarkedChannel()
  readonly #stderr = new MarkedChannel()
  /** Its pid on the machine, once it said so. */
  pid: number | undefined
  /** Resolves when the pid is known, or with undefined when the line broke before. */
  started: Promise<number | undefined> = Promise.resolve(undefined)
  /** How many commands it ran. */
  uses = 0
  closed = false

  private constructor(client: LxdClient, channels: ExecChannels) {
    this.#client = client
    this.channels = channels
    channels.control.listen(
      () => undefined,
      () => undefined,
    )
    channels.stdin.listen(
      () => undefined,
      () => undefined,
    )
  }

  /** A shell for many commands, or undefined where the machine lacks what it needs. */
  static async openWorker(client: LxdClient, instance: string, opening: Opening): Promise<CommandShell | undefined> {
    const mark = newMark()
    const channels = await openExec(client, { instance, command: ['sh'], environment: {}, ...opening })
    const shell = new CommandShell(client, channels)
    const ready = shell.#marks(mark, { stdout: NOWHERE, stderr: NOWHERE })
    const clean = shell.#marks(mark, { stdout: NOWHERE, stderr: NOWHERE })
    shell.#read()
    channels.stdin.post(Buffer.from(workerPrelude(mark)))
    shell.started = ready
    // A machine that is frozen opens lines and then says nothing.
    const late = setTimeout(() => shell.close(), opening.deadlineMs)
    shell.pid = await ready
    const usable = shell.pid !== undefined && (await clean) === 0
    clearTimeout(late)
    if (usable) return shell
    const why = await shell.explainEnd()
    shell.close()
    if (why.exitCode === 97) return undefined
    throw new TransportError('lost', `${instance} did not start a shell: ${why.text}`)
  }

  /** A shell for one command that reads `channels.stdin`. */
  static async openOnce(
    client: LxdClient,
    instance: string,
    command: string,
    env: Record<string, string>,
    sinks: Sinks,
    opening: Opening,
  ) {
    const mark = newMark()
    const channels = await openExec(client, {
      instance,
      command: onceCommand(command, mark),
      environment: env,
      ...opening,
    })
    if (opening.signal?.aborted) {
      closeExec(channels)
      throw opening.signal.reason
    }
    const shell = new CommandShell(client, channels)
    const pid = shell.#stderr.next(mark, NOWHERE)
    const done = shell.#marks(mark, sinks)
    shell.#read()
    channels.stdin.post(Buffer.from(`${mark}\n`))
    shell.started = pid.then((value) => (shell.pid = value))
    return { shell, done }
  }

  /** Runs one command of a worker. `ended` is undefined when the line broke; `ready` tells whether it can take another. */
  run(
    command: string,
    env: Record<string, string>,
    sinks: Sinks,
  ): { done: Promise<number | undefined>; ready: Promise<boolean> } {
    const mark = newMark()
    this.uses += 1
    const done = this.#marks(mark, sinks)
    const ready = this.#marks(mark, { stdout: NOWHERE, stderr: NOWHERE }).then((dirty) => dirty === 0)
    this.channels.stdin.post(Buffer.from(workerLine(command, env, mark)))
    return { done, ready }
  }

  /** What LXD says about the end of the exec. Best effort, within two seconds. */
  async explainEnd(): Promise<{ exitCode: number | undefined; text: string }> {
    try {
      const end = await this.#client.get<OperationInfo>(`${this.channels.operation}/wait`, {
        query: { timeout: '1' },
        deadlineMs: 2000,
      })
      const exitCode = typeof end.metadata?.return === 'number' ? end.metadata.return : undefined
      return {
        exitCode,
        text: end.err || (exitCode === undefined ? end.status : `the shell ended with status ${exitCode}`),
      }
    } catch (error) {
      return { exitCode: undefined, text: error instanceof Error ? error.message : String(error) }
    }
  }

  close(): void {
    this.closed = true
    closeExec(this.channels)
  }

  #read(): void {
    const onClose = () => {
      this.closed = true
    }
    this.#stdout.read(this.channels.stdout, onClose)
    this.#stderr.read(this.channels.stderr, onClose)
  }

  async #marks(mark: string, sinks: Sinks): Promise<number | undefined> {
    const [out, err] = await Promise.all([this.#stdout.next(mark, sinks.stdout), this.#stderr.next(mark, sinks.stderr)])
    return out === undefined || err === undefined ? undefined : out
  }
}

function newMark(): string {
  return randomBytes(16).toString('hex')
}
