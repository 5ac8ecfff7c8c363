import { HarnessError } from '../core/errors.ts'

/** A command of the instance that ran to its end, whatever its exit code. Text is as the guest wrote it: hostile until a reporter escapes it. */
export interface CommandResult {
  /** Exit code 0. */
  ok: boolean
  exitCode: number
  /** Set when a signal ended the command; `exitCode` is then 128 + its number. */
  signal?: string
  /** Decoded as UTF-8; what is not UTF-8 becomes U+FFFD. */
  stdout: string
  stderr: string
  /** True when a stream was longer than what was kept. */
  truncated: boolean
  durationMs: number
  command: string
}

/** A command of the instance that had to succeed and did not. It has the shape of a result. */
export class CommandError extends HarnessError implements CommandResult {
  readonly blame = 'image'
  readonly ok = false
  readonly exitCode: number
  declare readonly signal?: string
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
  readonly durationMs: number
  readonly command: string

  constructor(result: CommandResult) {
    const ending = result.signal === undefined ? `exited with ${result.exitCode}` : `was ended by ${result.signal}`
    super(`\`${oneLine(result.command)}\` ${ending}${lastLines(result.stderr || result.stdout)}`)
    this.exitCode = result.exitCode
    if (result.signal !== undefined) this.signal = result.signal
    this.stdout = result.stdout
    this.stderr = result.stderr
    this.truncated = result.truncated
    this.durationMs = result.durationMs
    this.command = result.command
  }

  /** Output for a report: both streams, capped. */
  get evidence(): string {
    return [this.stdout, this.stderr].filter(Boolean).join('\n--- stderr ---\n').slice(-16_384)
  }
}

function oneLine(command: string): string {
  const flat = command.replaceAll(/\s*\n\s*/g, ' ; ')
  return flat.length > 200 ? `${flat.slice(0, 197)}...` : flat
}

function lastLines(text: string): string {
  const tail = text.trim().split('\n').slice(-3).join(' | ').slice(-600)
  return tail ? `: ${tail}` : ' and printed nothing'
}
