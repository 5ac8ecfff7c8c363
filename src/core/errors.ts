import { redact } from './redact.ts'

/** Who must act on an error. It decides status, retry and exit code. */
export type Blame = 'user' | 'host' | 'provider' | 'image' | 'harness' | 'leak' | 'unknown'

export interface ErrorDetails {
  /** What the reader can do about it: one imperative sentence, or a command. */
  hint?: string
  cause?: unknown
}

/** The common shape of every error the harness throws on purpose. Message and hint are masked on construction. */
export abstract class HarnessError extends Error {
  abstract readonly blame: Blame
  readonly hint: string | undefined

  constructor(message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? {} : { cause: details.cause })
    this.name = new.target.name
    this.hint = details.hint === undefined ? undefined : redact(details.hint)
  }

  /** Whether the same request may succeed when it is simply made again. */
  get retryable(): boolean {
    return false
  }
}

/** A place in a file the user wrote. Lines and columns count from 1. */
export interface SourcePosition {
  file: string
  line?: number
  column?: number
}

/** Wrong input of the user: matrix, flags, recipe, waivers. Refused before anything is launched. Exit code 2. */
export class ConfigError extends HarnessError {
  readonly blame = 'user'
  readonly position: SourcePosition | undefined

  constructor(message: string, details: ErrorDetails & { position?: SourcePosition } = {}) {
    const { position } = details
    const at = position
      ? [position.file, position.line, position.column].filter((part) => part !== undefined).join(':')
      : ''
    super(at ? `${at}: ${message}` : message, details)
    this.position = position
  }
}

/** The host lacks something: a daemon, a tool, an SDK, credentials. The hint is the command that fixes it. Status `miss`. */
export class PrerequisiteError extends HarnessError {
  readonly blame = 'host'
}

export type PlatformErrorKind =
  | 'auth'
  | 'quota'
  | 'capacity'
  | 'throttled'
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'invalid'

const RETRYABLE: ReadonlySet<PlatformErrorKind> = new Set(['capacity', 'throttled', 'unavailable'])

/** The platform refused or failed. `cause` keeps the provider's own error. Status `miss`. */
export class PlatformError extends HarnessError {
  readonly blame = 'provider'
  readonly kind: PlatformErrorKind

  constructor(kind: PlatformErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details)
    this.kind = kind
  }

  override get retryable(): boolean {
    return RETRYABLE.has(this.kind)
  }
}

/** The image did not boot to a usable state. Carries the tail of the console. Status `fail`. */
export class BootError extends HarnessError {
  readonly blame = 'image'
  readonly consoleTail: string

  constructor(message: string, details: ErrorDetails & { consoleTail?: string } = {}) {
    super(message, details)
    this.consoleTail = redact(details.consoleTail ?? '')
  }
}

/** The line to a machine broke or could not be opened. Never a verdict on the image by itself: the console decides. */
export class TransportError extends HarnessError {
  readonly blame = 'unknown'
  readonly reason: 'refused' | 'auth' | 'host-key' | 'lost' | 'timeout' | 'protocol'

  constructor(reason: TransportError['reason'], message: string, details: ErrorDetails = {}) {
    super(message, details)
    this.reason = reason
  }

  override get retryable(): boolean {
    return this.reason === 'refused' || this.reason === 'lost' || this.reason === 'timeout'
  }
}

/** A wait gave up. The message says what was awaited, for how long, and what was seen instead. */
export class WaitTimeoutError extends HarnessError {
  readonly blame = 'unknown'
  /** What the attempts saw, most frequent first, for example `31x connection refused`. */
  readonly saw: readonly string[]

  constructor(message: string, saw: readonly string[], details: ErrorDetails = {}) {
    super(message, details)
    this.saw = saw
  }
}

/** The platform or the image cannot do this. Status `skip`. */
export class UnsupportedError extends HarnessError {
  readonly blame = 'user'
}

/** Something the harness made could not be removed. It stays in the ledger for `harness sweep`. Exit code 4. */
export class CleanupError extends HarnessError {
  readonly blame = 'leak'
}

/** The run was cancelled by the user or by a deadline of a caller. Exit code 130. */
export class CancelledError extends HarnessError {
  readonly blame = 'user'
}

/** Plain data of an error, fit for an event file: no stack of ours unless it is a bug. */
export interface ErrorRecord {
  name: string
  message: string
  blame: Blame
  hint?: string
  kind?: string
  /** Console tail, command output or what a wait saw. */
  evidence?: string
  stack?: string
}

/** Turns anything thrown into plain data. Errors that are not ours are bugs of the harness and keep their stack. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof HarnessError) {
    const evidence = evidenceOf(error)
    return {
      name: error.name,
      message: error.message,
      blame: error.blame,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error instanceof PlatformError ? { kind: error.kind } : {}),
      ...(error instanceof TransportError ? { kind: error.reason } : {}),
      ...(evidence ? { evidence } : {}),
    }
  }
  const thrown = error instanceof Error ? error : new Error(String(error))
  const shortage = shortageOf(thrown)
  if (shortage !== undefined)
    return { name: 'PrerequisiteError', message: redact(thrown.message), blame: 'host', hint: shortage }
  return {
    name: thrown.name,
    message: redact(thrown.message),
    blame: 'harness',
    ...(thrown.stack === undefined ? {} : { stack: redact(thrown.stack) }),
  }
}

const SHORTAGES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space on this host',
  EDQUOT: 'free some space, or raise the quota',
  EROFS: 'give a folder that can be written',
  EIO: 'look at the disk of this host: dmesg',
  EMFILE: 'raise the limit of open files: ulimit -n',
  ENFILE: 'raise the limit of open files: sysctl fs.file-max',
}

/** What to do about an error of the operating system that says the host has run out of something. */
function shortageOf(error: Error): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return Object.hasOwn(SHORTAGES, code) ? SHORTAGES[code] : undefined
}

function evidenceOf(error: HarnessError): string {
  if (error instanceof BootError) return error.consoleTail
  if (error instanceof WaitTimeoutError) return error.saw.join('\n')
  if ('evidence' in error && typeof error.evidence === 'string') return redact(error.evidence)
  return ''
}
