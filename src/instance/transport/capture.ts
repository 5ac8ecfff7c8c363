import type { Readable } from 'node:stream'
import type { TokenGate } from './remote-command.ts'

const DEFAULT_MAX = 16 * 1024 * 1024
const TAIL = 256

/** Reads a stream to its end: keeps at most `maxBytes` of it, or passes it on at the pace of the taker. */
export class Capture {
  readonly gate: TokenGate
  readonly #max: number
  readonly #to: NodeJS.WritableStream | undefined
  #chunks: Buffer[] = []
  #kept = 0
  #total = 0
  #tail: Buffer = Buffer.alloc(0)
  #cut = 0
  #taken: Promise<void> = Promise.resolve()

  constructor(gate: TokenGate, maxBytes: number | undefined, to?: NodeJS.WritableStream) {
    this.gate = gate
    this.#max = maxBytes ?? DEFAULT_MAX
    this.#to = to
  }

  read(stream: Readable, fail: (error: unknown) => void): void {
    this.#to?.once('error', fail)
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => {
      const data = this.gate.pass(chunk)
      if (data.length === 0) return
      this.#total += data.length
      if (this.#to) this.#pass(stream, data, this.#to)
      else this.#keep(data)
    })
  }

  #pass(stream: Readable, data: Buffer, to: NodeJS.WritableStream): void {
    const taken = Promise.withResolvers<void>()
    this.#taken = taken.promise
    // Called with an error too; that is told by the listener of the stream.
    const more = to.write(data, () => taken.resolve())
    if (more) return
    stream.pause()
    to.once('drain', () => stream.resume())
  }

  #keep(data: Buffer): void {
    if (this.#kept < this.#max) {
      const part = data.subarray(0, this.#max - this.#kept)
      this.#chunks.push(part)
      this.#kept += part.length
    }
    this.#tail =
      data.length >= TAIL ? Buffer.from(data.subarray(-TAIL)) : Buffer.concat([this.#tail, data]).subarray(-TAIL)
  }

  /** The last bytes that came, kept or not. */
  tail(): Buffer {
    return this.#tail
  }

  /** Forgets the last `count` bytes that came. */
  cut(count: number): void {
    this.#cut = count
  }

  bytes(): Uint8Array {
    const all = Buffer.concat(this.#chunks)
    return all.subarray(0, Math.min(all.length, this.#total - this.#cut))
  }

  get truncated(): boolean {
    return this.#to === undefined && this.#total - this.#cut > this.#max
  }

  /** Resolves when the taker has taken the last of it. */
  async flushed(): Promise<void> {
    await this.#taken
  }
}
