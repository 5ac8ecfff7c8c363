import { toMs } from '../core/duration.ts'
import type { Duration } from '../core/duration.ts'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-error.ts'
import { asRoot, asUser, findEscalation } from './escalation.ts'
import type { Escalation } from './escalation.ts'
import { exists, pull, push, readBytes, writeFile } from './files.ts'
import type { FileOptions, PushOptions, WriteOptions } from './files.ts'
import type { Line } from './line.ts'
import { runScript } from './script.ts'
import type { ScriptOptions, ScriptSource } from './script.ts'
import { commandLine, quote, quoteAll } from './shell.ts'
import type { ShellValue } from './shell.ts'
import type { ExecRequest, ExecResult } from './transport/transport.ts'

export interface RunOptions {
  stdin?: string | Uint8Array | NodeJS.ReadableStream
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** The remote command is killed when it passes; on a slow machine later by its pace. Default `"2 minutes"`. */
  deadline?: Duration
  signal?: AbortSignal
  /** Throws `CommandError` when the command fails. Default false. */
  check?: boolean
  /** Runs as this user of the machine instead, by way of root. */
  user?: string
  /** Bytes kept of each stream. Default 16 MiB. */
  maxBytes?: number
  /** Receives stdout as it arrives; the result's `stdout` is then empty. */
  stdoutTo?: NodeJS.WritableStream
}

export const DEFAULT_RUN_MS = 120_000

/** What can be done on a machine as one of its users: commands, scripts and files. `Instance` is one, `Instance.root` is another. */
export class Account {
  readonly #line: Line
  readonly #as: 'login' | 'root'
  readonly #pace: number
  #escalation: Promise<Escalation> | undefined

  /** @param pace how many times longer than on usual hardware things take: all deadlines are multiplied by it */
  constructor(line: Line, as: 'login' | 'root', pace = 1) {
    this.#line = line
    this.#as = as
    this.#pace = pace
  }

  /**
   * Runs a shell template that must succeed; gives its stdout without trailing newlines.
   * Interpolations are quoted, arrays become several words.
   * @example await instance.sh`systemctl is-active ${unit}`
   * @throws CommandError when the exit code is not 0
   */
  async sh(strings: TemplateStringsArray, ...values: ShellValue[]): Promise<string> {
    const result = await this.run(commandLine(strings, values), { check: true })
    return result.stdout.replace(/\n+$/, '')
  }

  /** Runs a shell template whose failure is an answer. Never throws for an exit code. */
  async probe(strings: TemplateStringsArray, ...values: ShellValue[]): Promise<CommandResult> {
    return await this.run(commandLine(strings, values))
  }

  /** Runs a shell command line, or a list of words that needs no shell. */
  async run(command: string | readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const line = typeof command === 'string' ? command : quoteAll(command)
    const result = decode(line, await this.exec(line, options))
    if (options.check && !result.ok) throw new CommandError(result)
    return result
  }

  /** Runs a script of this host on the machine: its text, or `{ path }` of a local file. Arguments need no quoting. */
  async script(source: ScriptSource, options: ScriptOptions = {}): Promise<CommandResult> {
    return await runScript(this, source, options)
  }

  /** The raw result of a command, for binary output. */
  async exec(command: string, options: RunOptions = {}): Promise<ExecResult> {
    const deadlineMs = this.#pace * (options.deadline === undefined ? DEFAULT_RUN_MS : toMs(options.deadline))
    const waiting = { deadlineMs, ...(options.signal ? { signal: options.signal } : {}) }
    const inner = prepare(command, options)
    const root = this.#as === 'root' || options.user !== undefined
    const escalation = root ? await this.escalation(waiting) : 'none'
    const request: ExecRequest = {
      ...waiting,
      command: asRoot(escalation, options.user === undefined ? inner : asUser(options.user, inner)),
      ...(escalation === 'none' ? {} : { killWith: (kill) => asRoot(escalation, kill) }),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      ...(options.stdoutTo === undefined ? {} : { stdoutTo: options.stdoutTo }),
    }
    return await this.#line.exec(request)
  }

  /** How this account gets its rights, found once per line. @throws UnsupportedError when it cannot become root */
  async escalation(options: { deadlineMs: number; signal?: AbortSignal }): Promise<Escalation> {
    if (this.#escalation === undefined) {
      const finding = findEscalation(this.#line, { ...options, deadlineMs: Math.min(options.deadlineMs, 30_000) })
      this.#escalation = finding
      finding.catch(() => {
        if (this.#escalation === finding) this.#escalation = undefined
      })
    }
    return await this.#escalation
  }

  get line(): Line {
    return this.#line
  }

  /** Text of a file, decoded as UTF-8. @throws CommandError when it cannot be read */
  async readFile(path: string, options: FileOptions = {}): Promise<string> {
    return Buffer.from(await readBytes(this, path, options)).toString('utf8')
  }

  /** Bytes of a file, at most 64 MiB; use `pull` for larger ones. */
  async readBytes(path: string, options: FileOptions = {}): Promise<Uint8Array> {
    return await readBytes(this, path, options)
  }

  /** Replaces a file in one step: a reader sees the old or the new content, never a half. A symbolic link is followed. */
  async writeFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    await writeFile(this, path, data, options)
  }

  /**
   * Copies a local file, or a folder with everything in it, to the machine.
   * @throws ConfigError when the local file cannot be read; CommandError or TransportError when the remote one cannot be written
   */
  async push(local: string, remote: string, options: PushOptions = {}): Promise<void> {
    await push(this, local, remote, options)
  }

  /**
   * Copies a file of the machine to a local path.
   * @throws ConfigError when there is no local folder for it; CommandError or TransportError when the remote file cannot be read
   */
  async pull(remote: string, local: string, options: FileOptions = {}): Promise<void> {
    await pull(this, remote, local, options)
  }

  async exists(path: string): Promise<boolean> {
    return await exists(this, path)
  }
}

function prepare(command: string, options: RunOptions): string {
  const exports = Object.entries(options.env ?? {}).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  const change = options.cwd === undefined ? '' : `cd -- ${quote(options.cwd)} || exit 125\n`
  return `${change}${exports.join('')}${command}`
}

function decode(command: string, raw: ExecResult): CommandResult {
  return {
    ok: raw.exitCode === 0,
    exitCode: raw.exitCode,
    ...(raw.signal === undefined ? {} : { signal: raw.signal }),
    stdout: Buffer.from(raw.stdout).toString('utf8'),
    stderr: Buffer.from(raw.stderr).toString('utf8'),
    truncated: raw.truncated,
    durationMs: raw.durationMs,
    command,
  }
}
