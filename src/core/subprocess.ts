import { spawn } from 'node:child_process'
import { PrerequisiteError, CancelledError, HarnessError } from './errors.ts'
import { formatMs } from './duration.ts'

export interface SubprocessOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  stdin?: string | Uint8Array
  /** Milliseconds until the whole process group is killed. Required: no host command runs without a deadline. */
  deadlineMs: number
  signal?: AbortSignal
  /** Called with each complete line of stdout and stderr as it arrives. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  /** Bytes kept of each stream. Default 16 MiB; the rest is dropped and `truncated` is set. */
  maxBytes?: number
  /** Shown when the command is not installed, for example `apt-get install mmdebstrap`. */
  installHint?: string
}

export interface SubprocessResult {
  exitCode: number
  stdout: string
  stderr: string
  truncated: boolean
  durationMs: number
}

/** A host command that had to succeed and did not. */
export class SubprocessError extends HarnessError {
  readonly blame = 'host'
  readonly result: SubprocessResult

  constructor(command: readonly string[], result: SubprocessResult) {
    super(`\`${command.join(' ')}\` exited with ${result.exitCode}: ${lastLines(result.stderr || result.stdout)}`)
    this.result = result
  }

  get evidence(): string {
    return `${this.result.stdout}\n${this.result.stderr}`.slice(-8192)
  }
}

/**
 * Runs a command of the host in its own process group, without a shell. Resolves with any exit code.
 * @throws PrerequisiteError when the command does not exist or outlives its deadline; CancelledError when `signal` fires.
 */
export function probeHost(
  command: readonly [string, ...string[]],
  options: SubprocessOptions,
): Promise<SubprocessResult> {
  const [file, ...args] = command
  const started = performance.now()
  const maxBytes = options.maxBytes ?? 16 * 1024 * 1024
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(new CancelledError(`cancelled before \`${file}\` was started`))
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout = collect(child.stdout, maxBytes, (line) => options.onLine?.(line, 'stdout'))
    const stderr = collect(child.stderr, maxBytes, (line) => options.onLine?.(line, 'stderr'))
    let end: 'deadline' | 'cancelled' | undefined
    const kill = (why: 'deadline' | 'cancelled') => {
      end ??= why
      killGroup(child.pid)
    }
    const timer = setTimeout(kill, options.deadlineMs, 'deadline')
    const cancel = () => kill('cancelled')
    options.signal?.addEventListener('abort', cancel, { once: true })
    const settle = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', cancel)
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle()
      const hint = options.installHint
      if (error.code === 'ENOENT')
        reject(new PrerequisiteError(`\`${file}\` is not installed`, hint === undefined ? {} : { hint }))
      else reject(error)
    })
    child.on('close', (code, signalName) => {
      settle()
      if (end === 'cancelled') return reject(new CancelledError(`\`${file}\` was cancelled`))
      if (end === 'deadline') {
        return reject(
          new PrerequisiteError(
            `\`${command.join(' ')}\` was killed after ${formatMs(options.deadlineMs)}; last output: ${lastLines(stderr.text() || stdout.text())}`,
          ),
        )
      }
      resolve({
        exitCode: code ?? 128 + (signalName === 'SIGKILL' ? 9 : 15),
        stdout: stdout.text(),
        stderr: stderr.text(),
        truncated: stdout.truncated() || stderr.truncated(),
        durationMs: performance.now() - started,
      })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin ?? '')
  })
}

/** Like `probeHost`, for a command that must succeed. Returns stdout. @throws SubprocessError on a non-zero exit. */
export async function runHost(command: readonly [string, ...string[]], options: SubprocessOptions): Promise<string> {
  const result = await probeHost(command, options)
  if (result.exitCode !== 0) throw new SubprocessError(command, result)
  return result.stdout
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number, onLine: (line: string) => void) {
  const chunks: Buffer[] = []
  let bytes = 0
  let cut = false
  let partial = ''
  stream.on('data', (chunk: Buffer) => {
    if (bytes < maxBytes) chunks.push(chunk.subarray(0, maxBytes - bytes))
    bytes += chunk.length
    if (bytes > maxBytes) cut = true
    const lines = (partial + chunk.toString('utf8')).split('\n')
    partial = (lines.pop() ?? '').slice(-65_536)
    for (const line of lines) onLine(line)
  })
  return { text: () => Buffer.concat(chunks).toString('utf8'), truncated: () => cut }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // already gone
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-600)
}
