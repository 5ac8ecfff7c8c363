import type { Agent } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocket } from 'ws'
import { CancelledError, PlatformError, TransportError } from '../core/errors.ts'
import type { CallWaiting } from './cloud-calls.ts'

/** Opens a line to a port of a machine over a connection that goes out from here. Rejects like a connection that is refused. */
export type Dial = (waiting: CallWaiting) => Promise<Duplex>

/** A websocket as the service of a cloud wants it. */
export interface WebTunnel {
  /** The service and the machine, for errors. */
  what: string
  url: string
  headers?: Readonly<Record<string, string>>
  protocol?: string
  agent?: Agent | undefined
}

/** Longest that the greeting of a service may take, milliseconds. */
const OPEN_MS = 20_000

/**
 * Opens the websocket of a tunnel.
 * @throws PlatformError auth, when the service does not let the caller in; TransportError refused, which is retryable; CancelledError
 */
export async function openWebTunnel(tunnel: WebTunnel, { deadlineMs, signal }: CallWaiting): Promise<WebSocket> {
  const { what, url, headers = {}, protocol, agent } = tunnel
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], {
    headers: { ...headers },
    handshakeTimeout: Math.max(1, Math.min(OPEN_MS, deadlineMs)),
    perMessageDeflate: false,
    ...(agent ? { agent } : {}),
  })
  await new Promise<void>((resolve, reject) => {
    const cancel = () => {
      reject(new CancelledError(`cancelled while ${what} was opened`))
      socket.terminate()
    }
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) cancel()
    // Stays for the life of the socket: an error without a listener ends the process.
    socket.on('error', (error) => reject(new TransportError('refused', `${what}: ${error.message}`, { cause: error })))
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0
      reject(refusal(what, status))
      socket.terminate()
    })
    socket.once('open', () => {
      signal?.removeEventListener('abort', cancel)
      resolve()
    })
  })
  return socket
}

/** The messages of a websocket one after the other, where nothing else is in them. */
export function bytesOf(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket)
  stream.on('error', () => undefined)
  return stream
}

function refusal(what: string, status: number): Error {
  const told = `${what} was refused with status ${status}`
  if (status !== 401 && status !== 403) return new TransportError('refused', told)
  return new PlatformError('auth', told, {
    hint: 'the page of the platform in docs/ names the permission that a tunnel needs',
    cause: new Error(`status ${status}`),
  })
}
