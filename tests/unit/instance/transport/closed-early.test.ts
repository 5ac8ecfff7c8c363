import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { newSshIdentity } from '../../../../src/instance/ssh-keys.ts'
import { shownHostKey } from '../../../../src/instance/transport/shown-host-key.ts'
import { connectSsh2 } from '../../../../src/instance/transport/ssh2.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A port that takes connections and does `then` with them. */
async function port(then: 'end' | 'reset' | 'say nothing'): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (then === 'end') socket.end()
    if (then === 'reset') socket.resetAndDestroy()
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const { publicKey, privateKey } = newSshIdentity('test')

test.each(['end', 'reset'] as const)('a port that takes a connection to %s it is tried again', async (then) => {
  const place = { host: '127.0.0.1', port: await port(then), deadlineMs: 5000 }
  const refused = { name: 'TransportError', reason: 'refused', retryable: true }
  await expect(connectSsh2({ ...place, user: 'u', privateKey, hostKeys: [publicKey] })).rejects.toMatchObject(refused)
  await expect(shownHostKey(place)).rejects.toMatchObject(refused)
})

test('a port that says nothing is given up at the deadline', async () => {
  const place = { host: '127.0.0.1', port: await port('say nothing'), deadlineMs: 50 }
  await expect(shownHostKey(place)).rejects.toMatchObject({ reason: 'timeout', retryable: true })
})
