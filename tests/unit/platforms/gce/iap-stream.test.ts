import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { CancelledError, TransportError } from '../../../../src/core/errors.ts'
import { iapStream } from '../../../../src/platforms/gce/iap-stream.ts'

let silent: WebSocketServer
let socket: WebSocket

beforeEach(async () => {
  silent = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(silent, 'listening')
  socket = new WebSocket(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  await once(socket, 'open')
})
afterEach(() => {
  socket.terminate()
  silent.close()
})

test('a proxy that takes the connection and says nothing is not waited for beyond the deadline', async () => {
  const wait = iapStream(socket, 'the tunnel', { deadlineMs: 200 })
  await expect(wait).rejects.toThrow(TransportError)
  await expect(wait).rejects.toThrow('the tunnel: nothing came from the proxy in 200 ms')
  expect(socket.readyState).not.toBe(WebSocket.OPEN)
})

test('nor when it is cancelled', async () => {
  const cancel = new AbortController()
  const wait = iapStream(socket, 'the tunnel', { deadlineMs: 60_000, signal: cancel.signal })
  cancel.abort()
  await expect(wait).rejects.toThrow(CancelledError)
  expect(socket.readyState).not.toBe(WebSocket.OPEN)
})
