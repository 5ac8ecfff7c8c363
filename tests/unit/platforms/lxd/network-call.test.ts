import { expect, test } from 'vitest'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { callNetwork } from '../../../../src/platforms/lxd/network-call.ts'
import { answer, fakeDaemon, refuse } from './fake-daemon.ts'

const PATCH = 'PATCH /1.0/networks/br0'
const TAKEN =
  'The DNS and DHCP service exited prematurely: Process exited with non-zero value 2 ("dnsmasq: failed to create listening socket for 10.1.2.1: Address already in use")'

async function patched(route: Parameters<typeof fakeDaemon>[0][string], deadlineMs?: number) {
  await using daemon = await fakeDaemon({ [PATCH]: route })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  const call = { method: 'PATCH', path: '/1.0/networks/br0', json: {}, ...(deadlineMs ? { deadlineMs } : {}) } as const
  const failure = await callNetwork(client, call).then(
    () => undefined,
    (error: unknown) => error as Error & { hint?: string },
  )
  client.close()
  return { failure, calls: daemon.seen.length }
}

test('a DNS server that is not gone yet is waited for', async () => {
  let refusals = 2
  const { failure, calls } = await patched((...call) => (refusals-- > 0 ? refuse(500, TAKEN) : answer(null))(...call))
  expect(failure).toBeUndefined()
  expect(calls).toBe(3)
})

test('an address that another program keeps is told, with how to find the program', async () => {
  const { failure } = await patched(refuse(500, TAKEN), 400)
  expect(failure?.message).toMatch(/gave up waiting for the address of a network.*port 53 of 10\.1\.2\.1 in use/)
  expect(failure?.hint).toContain('ss -lnp')
})

test('every other refusal is final, also one that a second try might change', async () => {
  for (const [status, text] of [
    [400, 'Invalid config'],
    [503, 'shutting down'],
  ] as const) {
    const { failure, calls } = await patched(refuse(status, text))
    expect(failure?.message).toContain(text)
    expect(calls).toBe(1)
  }
})
