import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { createWebSocketStream } from 'ws'
import type { WebSocket } from 'ws'

/** A port of a guest, as this host reaches it. */
export interface GuestPort {
  host: string
  port: number
}

/** How long a guest has to accept a connection, milliseconds. */
const CONNECT_MS = 10_000

/** A connection to the port of a guest. Rejects when nobody listens there. */
export function connectGuest({ host, port }: GuestPort): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const line = createConnection({ host, port, timeout: CONNECT_MS })
    line.once('connect', () => {
      line.setTimeout(0)
      resolve(line)
    })
    line.once('timeout', () => line.destroy(new Error('no answer')))
    line.on('error', reject)
  })
}

/** Carries bytes as they are between a websocket and a guest, until one of them ends. */
export function carryBytes(socket: WebSocket, line: Socket): void {
  const stream = createWebSocketStream(socket)
  stream.on('error', () => line.destroy())
  line.on('error', () => stream.destroy())
  line.on('close', () => socket.close())
  stream.on('close', () => line.destroy())
  stream.pipe(line)
  line.pipe(stream)
}
