import type { Readable, Writable } from 'node:stream'
import { CancelledError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { lastWords } from '../../core/text.ts'
import { Capture } from './capture.ts'
import { ChannelRefusedError, insist } from './refused-channel.ts'
import { TokenGate } from './remote-command.ts'
import type { ExecRequest, ExecResult } from './transport.ts'

/** How a channel ended: an exit code, a signal, or neither when the line was lost. */
export interface ChannelEnd {
  code: number | null
  signal?: string
}

/** One running remote command, whatever carries it. */
export interface Channel {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** Resolves once both streams have ended. Rejects when the line is lost. */
  ended: Promise<ChannelEnd>
  /** Lets go of the channel without waiting for anything. */
  abandon(): void
}

export interface ChannelWork {
  request: ExecRequest
  token: string
  /** The exit code is reported at the end of stderr. */
  reportsEnd: boolean
  open: () => Promise<Channel>
  /** Kills the process and all that belongs to it. Resolves to whether that worked. */
  kill: (pid: number) => Promise<boolean>
}

const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
}

/** Runs one command over a channel: feeds stdin, keeps or passes on its output, and kills it when its time is over. */
export async function runChannel(work: ChannelWork): Promise<ExecResult> {
  const { request, token } = work
  const started = performance.now()
  const stdout = new Capture(new TokenGate(token), request.maxBytes, request.stdoutTo)
  const stderr = new Capture(new TokenGate(token), request.maxBytes)
  let channel: Channel | undefined
  let over = false
  const running = async (): Promise<ChannelEnd> => {
    channel = await insist(work.open, () => !over)
    const failed = Promise.withResolvers<never>()
    stdout.read(channel.stdout, failed.reject)
    stderr.read(channel.stderr, failed.reject)
    feed(channel.stdin, request.stdin, failed.reject)
    return await Promise.race([channel.ended, failed.promise])
  }
  const limit = Promise.withResolvers<never>()
  limit.promise.catch(() => undefined)
  const timer = setTimeout(
    () =>
      limit.reject(
        new TransportError('timeout', `\`${short(request.command)}\` ran longer than ${formatMs(request.deadlineMs)}`),
      ),
    request.deadlineMs,
  )
  const cancel = () => limit.reject(new CancelledError(`cancelled while \`${short(request.command)}\` ran`))
  if (request.signal?.aborted) cancel()
  request.signal?.addEventListener('abort', cancel, { once: true })
  const run = running()
  try {
    const end = await Promise.race([run, limit.promise])
    await stdout.flushed()
    return result(work, end, stdout, stderr, performance.now() - started)
  } catch (error) {
    over = true
    await stop(run, channel, stderr, work, error)
    throw error
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', cancel)
  }
}

function result(work: ChannelWork, end: ChannelEnd, stdout: Capture, stderr: Capture, durationMs: number): ExecResult {
  const reported = work.reportsEnd ? takeReport(stderr, work.token) : undefined
  const code = reported ?? end.code
  if (code === null && end.signal === undefined) throw lost(work)
  if (work.reportsEnd && reported === undefined && end.code === 255) {
    if (/refused by peer|open failed/.test(stderr.gate.held)) {
      throw new ChannelRefusedError('protocol', `no channel was opened: ${stderr.gate.held.trim()}`)
    }
    throw lost(work)
  }
  if (stderr.gate.rest === undefined) {
    const said = lastWords(stdout.gate.held + stderr.gate.held)
    throw new TransportError(
      'protocol',
      `the login shell did not run the command and ended with ${code}: ${said || 'no output'}`,
    )
  }
  const signal = end.signal?.replace(/^SIG/, '')
  return {
    exitCode: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0),
    ...(signal === undefined ? {} : { signal: `SIG${signal}` }),
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    truncated: stdout.truncated || stderr.truncated,
    durationMs,
  }
}

/** Cuts the report of the exit code off the end of stderr. */
function takeReport(stderr: Capture, token: string): number | undefined {
  const tail = stderr.tail().toString('latin1')
  const match = new RegExp(`${token} end (\\d+)\\n$`).exec(tail)
  if (!match) return undefined
  stderr.cut(match[0].length)
  return Number(match[1])
}

function lost(work: ChannelWork): TransportError {
  return new TransportError('lost', `the connection was lost while \`${short(work.request.command)}\` ran`)
}

/** Ends what may still run on the machine, then lets go of the channel. */
async function stop(
  run: Promise<unknown>,
  channel: Channel | undefined,
  stderr: Capture,
  work: ChannelWork,
  error: unknown,
): Promise<void> {
  run.catch(() => undefined)
  if (channel === undefined) {
    // Still opening: whatever comes is let go of as soon as it is there.
    void run.then(
      () => undefined,
      () => undefined,
    )
    return
  }
  const dead = error instanceof TransportError && error.reason === 'lost'
  const pid = Number((stderr.gate.rest ?? '').split(' ')[0])
  if (!dead && pid > 1) await work.kill(pid).catch(() => false)
  channel.abandon()
}

function feed(stdin: Writable, source: ExecRequest['stdin'], fail: (error: unknown) => void): void {
  // A command may end without reading its input; that is no failure of ours.
  stdin.on('error', () => undefined)
  if (source === undefined || typeof source === 'string' || source instanceof Uint8Array) {
    stdin.end(source ?? '')
    return
  }
  source.on('error', fail)
  source.pipe(stdin)
}

export function short(command: string): string {
  const flat = command.replaceAll(/\s+/g, ' ').trim()
  return flat.length > 120 ? `${flat.slice(0, 117)}...` : flat
}
