import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { CancelledError, TransportError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'

/**
 * The frames of Identity-Aware Proxy: a tag of two bytes, then for a session id and for data a length of four bytes and so many bytes,
 * for an acknowledgement eight bytes with the count of all bytes that came. Big endian. Facts: googlecloudsdk of the Google Cloud CLI,
 * https://docs.cloud.google.com/iap/docs/using-tcp-forwarding tells what they are for.
 */
const TAG = { session: 0x0001, data: 0x0004, ack: 0x0007 }
const HEADER = 6
const MOST_DATA = 16_384
/** The proxy stops sending when this much more has come than was acknowledged. */
const ACK_EVERY = 2 * MOST_DATA

/** The name by which both sides agree on these frames. */
export const IAP_PROTOCOL = 'relay.tunnel.cloudproxy.app'

/** Resolves with the bytes of the machine's port once the proxy has reached it. @throws TransportError refused; CancelledError */
export async function iapStream(socket: WebSocket, what: string, waiting: CallWaiting): Promise<Duplex> {
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => undefined)
  let received = 0
  let acknowledged = 0
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => send(socket, chunk, done),
    final: (done) => {
      socket.close()
      done()
    },
    destroy: (error, done) => {
      socket.terminate()
      done(error)
    },
  })
  stream.on('error', () => undefined)
  socket.on('message', (message: Buffer) => {
    const tag = message.length < 2 ? 0 : message.readUInt16BE(0)
    if (tag === TAG.session) return ready.resolve()
    if (tag !== TAG.data || message.length < HEADER) return
    const data = message.subarray(HEADER, HEADER + message.readUInt32BE(2))
    received += data.length
    if (received - acknowledged > ACK_EVERY) {
      acknowledged = received
      socket.send(ackOf(received), () => undefined)
    }
    if (!stream.push(data)) socket.pause()
  })
  socket.on('close', (code, reason) => {
    const why = reason.toString().slice(0, 200) || `code ${code}`
    ready.reject(new TransportError('refused', `${what} was closed: ${why}`))
    stream.push(null)
  })
  const { deadlineMs, signal } = waiting
  const late = new TransportError('refused', `${what}: nothing came from the proxy in ${Math.round(deadlineMs)} ms`)
  const timer = setTimeout(() => ready.reject(late), deadlineMs)
  const cancel = () => ready.reject(new CancelledError(`cancelled while ${what} was opened`))
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  try {
    await ready.promise
    return stream
  } catch (error) {
    stream.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

/** Sends bytes in as many frames as it takes. */
function send(socket: WebSocket, bytes: Buffer, done: (error?: Error | null) => void): void {
  for (let at = 0; at < bytes.length; at += MOST_DATA) {
    const part = bytes.subarray(at, at + MOST_DATA)
    const head = Buffer.alloc(HEADER)
    head.writeUInt16BE(TAG.data, 0)
    head.writeUInt32BE(part.length, 2)
    socket.send(Buffer.concat([head, part]), at + MOST_DATA >= bytes.length ? done : () => undefined)
  }
  if (bytes.length === 0) done()
}

function ackOf(received: number): Buffer {
  const frame = Buffer.alloc(10)
  frame.writeUInt16BE(TAG.ack, 0)
  frame.writeBigUInt64BE(BigInt(received), 2)
  return frame
}
