import type { WebSocket } from 'ws'

/** One websocket of an exec or console, as a byte stream with an end mark. */
export class Channel {
  readonly #socket: WebSocket
  /** Set until `listen`: what arrived before anyone listened. */
  #early: Buffer[] | undefined = []
  #onData: (chunk: Buffer) => void = (chunk) => void this.#early?.push(chunk)
  #onClose: () => void = () => undefined
  #closed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer, isBinary) => {
      // LXD marks the end of a stream with an empty text message.
      if (isBinary) this.#onData(data)
      else if (data.length === 0) this.#finish()
    })
    socket.on('close', () => this.#finish())
    socket.on('error', () => this.#finish())
  }

  static open(socket: WebSocket, explain: (error: Error) => Error): Promise<Channel> {
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => reject(explain(error)))
      socket.once('open', () => resolve(new Channel(socket)))
    })
  }

  /** Takes over what arrives, and what already has. */
  listen(onData: (chunk: Buffer) => void, onClose: () => void): void {
    this.#onData = onData
    this.#onClose = onClose
    for (const chunk of this.#early ?? []) onData(chunk)
    this.#early = undefined
    if (this.#closed) onClose()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Resolves when the bytes were handed to the kernel, which is the backpressure of this line. Rejects when it is closed. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, { binary: true }, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** Sends without waiting; a closed line is reported by `onClose`. */
  post(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: true }, () => undefined)
  }

  sendText(text: string): void {
    this.#socket.send(text, { binary: false }, () => undefined)
  }

  /** Tells the other side that nothing more comes. */
  end(): void {
    this.sendText('')
  }

  pause(): void {
    if (!this.#closed) this.#socket.pause()
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume()
  }

  close(): void {
    this.#socket.resume()
    this.#socket.terminate()
    this.#finish()
  }

  #finish(): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose()
  }
}
