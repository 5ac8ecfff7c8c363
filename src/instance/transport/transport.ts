import type { TerminalRequest } from '../machine.ts'

/** How a command on a machine is run. Times are milliseconds. */
export interface ExecRequest {
  /** A POSIX sh command line, run by `sh -c` on the machine as the transport's login user. */
  command: string
  stdin?: Uint8Array | string | NodeJS.ReadableStream
  env?: Record<string, string>
  /** Required: the remote command is killed and the call rejects with `TransportError('timeout')` when it passes. */
  deadlineMs: number
  signal?: AbortSignal
  /** Wraps the command that kills this one, when this one runs with other rights than those of the login user. */
  killWith?: (command: string) => string
  /** Bytes kept of each stream; what is over is drained, counted and dropped. Default 16 MiB. */
  maxBytes?: number
  /** Receives stdout as it arrives; stdout is then not kept in the result. Backpressure is respected. */
  stdoutTo?: NodeJS.WritableStream
}

/** Every command that ran to its end gives one of these, whatever its exit code. */
export interface ExecResult {
  exitCode: number
  /** Set when a signal ended the command; `exitCode` is then 128 + its number. */
  signal?: string
  stdout: Uint8Array
  stderr: Uint8Array
  /** True when a stream was over `maxBytes`. */
  truncated: boolean
  durationMs: number
}

/**
 * One line to one machine. Implementations: ssh2, OpenSSH ControlMaster, LXD exec, fake.
 * A lost connection rejects with `TransportError('lost')`; it is never a success.
 */
export interface Transport {
  readonly kind: 'ssh2' | 'openssh' | 'lxd' | 'fake'
  /** The login user of `exec`; `root` means no escalation is needed. */
  readonly user: string
  exec(request: ExecRequest): Promise<ExecResult>
  /** Runs a command on somebody's terminal, where the line can carry one. Resolves with its exit code. */
  terminal?(command: string, request: TerminalRequest): Promise<number>
  close(): Promise<void>
}
