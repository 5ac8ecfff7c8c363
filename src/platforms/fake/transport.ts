import { CancelledError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { pause } from '../../core/wait-until.ts'
import type { ExecRequest, ExecResult, Transport } from '../../instance/transport/transport.ts'
import type { Guest } from './guest.ts'
import { Shell } from './shell/run.ts'

/** What a command meets besides the guest: faults on purpose and ready answers. */
export interface Encounter {
  fault: (command: string) => 'lost' | 'hang' | undefined
  answer: (command: string) => { stdout: string; stderr: string; exitCode: number; delayMs: number } | undefined
}

const DEFAULT_MAX = 16 * 1024 * 1024

/** A line to a fake machine. It breaks when the machine reboots, as a real one does. */
export class FakeTransport implements Transport {
  readonly kind = 'fake'
  readonly user = 'root'
  readonly #guest: Guest
  readonly #bootId: string
  readonly #encounter: Encounter
  #closed = false

  constructor(guest: Guest, encounter: Encounter) {
    this.#guest = guest
    this.#bootId = guest.bootId
    this.#encounter = encounter
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    const started = performance.now()
    this.#check()
    const limit = AbortSignal.timeout(Math.ceil(request.deadlineMs))
    const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit
    const out = new Kept(request.maxBytes ?? DEFAULT_MAX)
    const err = new Kept(request.maxBytes ?? DEFAULT_MAX)
    const ended = await Promise.race([this.#run(request, signal, out, err), aborted(signal)])
    if (ended === undefined) {
      if (request.signal?.aborted) throw new CancelledError('cancelled while a command ran')
      throw new TransportError('timeout', `the command ran longer than ${formatMs(request.deadlineMs)}`)
    }
    this.#check()
    let stdout = out.bytes()
    if (request.stdoutTo) {
      await pass(stdout, request.stdoutTo)
      stdout = Buffer.alloc(0)
    }
    return {
      exitCode: ended,
      stdout,
      stderr: err.bytes(),
      truncated: out.cut || err.cut,
      durationMs: performance.now() - started,
    }
  }

  async #run(request: ExecRequest, signal: AbortSignal, out: Kept, err: Kept): Promise<number | undefined> {
    const stdin = await bytesOf(request.stdin)
    const fault = this.#encounter.fault(request.command)
    if (fault === 'lost') throw new TransportError('lost', `the connection to ${this.#guest.hostname} was lost`)
    if (fault === 'hang') return await aborted(signal)
    const answer = this.#encounter.answer(request.command)
    if (answer) {
      await pause(answer.delayMs, signal)
      out.add(Buffer.from(answer.stdout))
      err.add(Buffer.from(answer.stderr))
      return answer.exitCode
    }
    const guest = this.#guest
    const host = { files: guest.files, programs: guest.programs, signal, tick: () => this.#tick() }
    const shell = new Shell(host, request.env)
    try {
      return await shell.runScript(request.command, {
        stdin: { data: stdin },
        out: (chunk) => out.add(chunk),
        err: (chunk) => err.add(chunk),
      })
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  #tick(): void {
    this.#guest.tick()
    this.#check()
  }

  #check(): void {
    if (this.#closed || !this.#guest.isOn || this.#guest.bootId !== this.#bootId) {
      throw new TransportError('lost', `the connection to ${this.#guest.hostname} was lost`)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }
}

class Kept {
  readonly #max: number
  readonly #chunks: Buffer[] = []
  #size = 0
  cut = false

  constructor(max: number) {
    this.#max = max
  }

  add(chunk: Buffer): void {
    const room = this.#max - this.#size
    if (chunk.length > room) this.cut = true
    if (room <= 0) return
    this.#chunks.push(chunk.subarray(0, room))
    this.#size += Math.min(chunk.length, room)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

async function bytesOf(stdin: ExecRequest['stdin']): Promise<Buffer> {
  if (stdin === undefined) return Buffer.alloc(0)
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) return Buffer.from(stdin)
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

async function pass(data: Buffer, to: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    to.once('error', reject)
    to.write(data, () => resolve())
  })
}
