import type { Channel } from './channel.ts'

const NOTHING = Buffer.alloc(0)

/** Where the bytes of a command go while its mark has not come. */
export interface ByteSink {
  write(chunk: Buffer): void
}

/** Keeps at most `maxBytes`; the rest is counted and dropped. */
export class KeptBytes implements ByteSink {
  readonly #maxBytes: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  truncated = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  write(chunk: Buffer): void {
    const room = this.#maxBytes - this.#kept
    if (chunk.length > room) this.truncated = true
    if (room <= 0) return
    const part = chunk.subarray(0, room)
    this.#chunks.push(part)
    this.#kept += part.length
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/**
 * Cuts a byte stream at a mark. Bytes before it go to the sink, byte for byte; after it comes a space, a number and a newline.
 * What follows the newline is given back by `push`.
 */
export class MarkedStream {
  readonly #mark: Buffer
  readonly #sink: ByteSink
  #held: Buffer = NOTHING
  #marked = false
  /** The number behind the mark, once it came. */
  status: number | undefined

  constructor(mark: string, sink: ByteSink) {
    this.#mark = Buffer.from(mark)
    this.#sink = sink
  }

  get done(): boolean {
    return this.status !== undefined
  }

  /** Feeds a chunk. Returns what came after the end of the mark's line, or undefined while that has not come. */
  push(chunk: Buffer): Buffer | undefined {
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    if (!this.#marked) {
      const at = data.indexOf(this.#mark)
      if (at < 0) {
        const safe = data.length - this.#possibleStart(data)
        if (safe > 0) this.#sink.write(data.subarray(0, safe))
        this.#held = safe < data.length ? Buffer.from(data.subarray(safe)) : NOTHING
        return undefined
      }
      if (at > 0) this.#sink.write(data.subarray(0, at))
      this.#marked = true
      return this.#number(data.subarray(at + this.#mark.length))
    }
    return this.#number(data)
  }

  /** How many bytes at the end of `data` may be the start of a mark that the end of the chunk has cut. */
  #possibleStart(data: Buffer): number {
    const tail = data.subarray(Math.max(0, data.length - this.#mark.length + 1))
    for (let at = 0; at < tail.length; at++) {
      const length = tail.length - at
      if (tail.compare(this.#mark, 0, length, at) === 0) return length
    }
    return 0
  }

  #number(rest: Buffer): Buffer | undefined {
    const end = rest.indexOf(0x0a)
    if (end < 0) {
      this.#held = Buffer.from(rest)
      return undefined
    }
    this.#held = NOTHING
    this.status = Number(rest.subarray(0, end).toString('latin1').trim())
    return rest.subarray(end + 1)
  }
}

/** A channel on which marks are awaited one after another. Bytes that no one awaits are dropped. */
export class MarkedChannel {
  readonly #awaited: { stream: MarkedStream; settle: (status: number | undefined) => void }[] = []
  #closed = false

  /** Starts to read. The first marks must be awaited by then: a short command has said all before anyone could listen. */
  read(channel: Channel, onClose: () => void): void {
    channel.listen(
      (chunk) => this.#push(chunk),
      () => {
        this.#closed = true
        for (const { settle } of this.#awaited.splice(0)) settle(undefined)
        onClose()
      },
    )
  }

  /** Resolves with the number behind the next `mark`, or with undefined when the channel closed before it. */
  next(mark: string, sink: ByteSink): Promise<number | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((settle) => void this.#awaited.push({ stream: new MarkedStream(mark, sink), settle }))
  }

  #push(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk
    while (rest !== undefined && rest.length > 0) {
      const first = this.#awaited[0]
      if (!first) return
      rest = first.stream.push(rest)
      if (rest === undefined) return
      this.#awaited.shift()
      first.settle(first.stream.status)
    }
  }
}
