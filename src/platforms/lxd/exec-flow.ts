import { Readable } from 'node:stream'
import { TransportError } from '../../core/errors.ts'
import type { ExecRequest } from '../../instance/transport/transport.ts'
import type { Channel } from './channel.ts'
import type { ByteSink } from './marked-stream.ts'

const CHUNK = 64 * 1024

/** Passes bytes to a stream of the caller and stops the machine's output while that stream is full. */
export class FlowSink implements ByteSink {
  readonly #target: NodeJS.WritableStream
  #channel: Channel | undefined
  #full = false
  readonly #onDrain = () => {
    this.#full = false
    this.#channel?.resume()
  }
  /** Rejects when the caller's stream breaks. */
  readonly failed: Promise<never>

  constructor(target: NodeJS.WritableStream) {
    this.#target = target
    this.failed = new Promise((_, reject) => {
      target.once('error', (error) =>
        reject(new TransportError('protocol', 'the stream that takes the output failed', { cause: error })),
      )
    })
    this.failed.catch(() => undefined)
  }

  attach(channel: Channel): void {
    this.#channel = channel
    if (this.#full) channel.pause()
  }

  write(chunk: Buffer): void {
    if (this.#target.write(chunk) || this.#full) return
    this.#full = true
    this.#channel?.pause()
    this.#target.once('drain', this.#onDrain)
  }

  /** Lets the channel go on for others. The caller may end the stream now, and what ended never drains. */
  detach(): void {
    this.#target.off('drain', this.#onDrain)
    this.#channel?.resume()
    this.#channel = undefined
  }
}

/** Sends `stdin` and its end. A machine that closes its stdin early is not an error: many commands do. */
export async function feed(channel: Channel, stdin: ExecRequest['stdin'], stop: AbortSignal): Promise<void> {
  if (stdin === undefined) return
  const source = typeof stdin === 'string' || stdin instanceof Uint8Array ? slices(Buffer.from(stdin)) : chunksOf(stdin)
  for await (const chunk of source) {
    if (stop.aborted || channel.closed) return
    try {
      await channel.send(chunk)
    } catch {
      return
    }
  }
  channel.end()
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}

async function* chunksOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  const readable = stream instanceof Readable ? stream : new Readable().wrap(stream)
  for await (const chunk of readable) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
}
