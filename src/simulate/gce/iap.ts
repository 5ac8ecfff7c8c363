import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { ApiRequest, UpgradeReply } from '../serve.ts'
import { connectGuest } from '../tunnel.ts'
import { checkPermission } from './access.ts'
import type { Principal } from './access.ts'
import { ApiError } from './api-error.ts'
import type { Project } from './project.ts'
import { textOf } from './text-of.ts'

/** The proxy speaks only to clients that name this protocol and this origin. */
const PROTOCOL = 'relay.tunnel.cloudproxy.app'
const ORIGIN = 'bot:iap-tunneler'
/** Most data in a frame, and most that is sent without an acknowledgement. */
const MOST_DATA = 16_384
const WINDOW = 4 * MOST_DATA
/** What the proxy closes with when the port of the machine does not answer. */
const NO_BACKEND = 4003
const BAD_FRAME = 4000

/** Answers the request for a tunnel of Identity-Aware Proxy to a port of a machine. */
export async function openTunnel(
  project: Project,
  { url, headers }: Omit<ApiRequest, 'body'>,
  principals: Readonly<Record<string, Principal>> | undefined,
): Promise<UpgradeReply> {
  try {
    checkPermission(headers['authorization'], 'iap.tunnelInstances.accessViaIAP', principals)
    const query = url.searchParams
    const wanted = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (url.pathname !== '/v4/connect') throw new ApiError(404, 'notFound', `there is no ${url.pathname}`)
    if (!wanted.includes(PROTOCOL) || headers['origin'] !== ORIGIN)
      throw new ApiError(400, 'invalid', 'no client of this protocol')
    const machine = project.machines.get(`${query.get('zone')}/${query.get('instance')}`)
    const port = Number(query.get('port') ?? Number.NaN)
    if (!machine || query.get('interface') !== 'nic0' || !query.get('project') || !(port > 0))
      throw new ApiError(404, 'notFound', 'there is no such port of a machine')
    return {
      protocol: PROTOCOL,
      accept: async (socket) => {
        const [nic] = await project.settings.backend.nics(textOf(machine.data.id)).catch(() => [])
        const line = await connectGuest({ host: nic?.ipv4.address ?? '', port }).catch(() => undefined)
        if (line) relay(socket, line)
        else socket.close(NO_BACKEND, 'failed to connect to backend')
      },
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { status: error.status, body: error.message }
  }
}

/** Frames, big endian: a tag of 2 bytes; 1 and 4 have a length of 4 bytes and so many bytes, 7 has a count of 8 bytes. */
function relay(socket: WebSocket, line: Socket): void {
  let sent = 0
  let received = 0
  let acknowledged = 0
  socket.send(framed(1, Buffer.from('simulated-session')))
  line.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += MOST_DATA)
      socket.send(framed(4, chunk.subarray(at, at + MOST_DATA)), () => undefined)
    sent += chunk.length
    if (sent - acknowledged > WINDOW) line.pause()
  })
  socket.on('message', (message: Buffer) => {
    const tag = message.length >= 2 ? message.readUInt16BE(0) : 0
    if (tag === 7 && message.length === 10) {
      acknowledged = Number(message.readBigUInt64BE(2))
      if (acknowledged > sent) return socket.close(BAD_FRAME, 'more was acknowledged than was sent')
      return void line.resume()
    }
    const length = message.length >= 6 ? message.readUInt32BE(2) : -1
    if (tag !== 4 || length !== message.length - 6 || length > MOST_DATA)
      return socket.close(BAD_FRAME, 'this is no frame')
    line.write(message.subarray(6))
    received += length
    const ack = Buffer.alloc(10)
    ack.writeUInt16BE(7, 0)
    ack.writeBigUInt64BE(BigInt(received), 2)
    socket.send(ack, () => undefined)
  })
  line.on('error', () => socket.close())
  line.on('close', () => socket.close())
  socket.on('error', () => line.destroy())
  socket.on('close', () => line.destroy())
}

function framed(tag: number, data: Buffer): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(tag, 0)
  head.writeUInt32BE(data.length, 2)
  return Buffer.concat([head, data])
}
