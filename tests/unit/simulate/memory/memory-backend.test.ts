import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { waitUntil } from '../../../../src/core/wait-until.ts'
import { newSshIdentity } from '../../../../src/instance/ssh-keys.ts'
import { shownHostKey } from '../../../../src/instance/transport/shown-host-key.ts'
import { connectSsh2 } from '../../../../src/instance/transport/ssh2.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'

const spec = (id: string) => ({ id, cloud: 'ec2' as const, image: 'debian-13', document: { hostname: id } })

test('a machine runs, stops, starts and goes', async () => {
  await using backend = new MemoryBackend()
  await backend.launch(spec('i-1'))
  expect(await backend.state('i-1')).toBe('running')
  await backend.stop('i-1')
  expect(await backend.state('i-1')).toBe('stopped')
  await backend.start('i-1')
  await backend.destroy('i-1')
  await backend.destroy('i-1')
  expect(await backend.state('i-1')).toBe('gone')
  await expect(backend.start('i-1')).rejects.toMatchObject({ kind: 'not-found' })
})

test('the key and the user-data that were ordered are in the guest, over SSH', async () => {
  const port = await freePort()
  await using backend = new MemoryBackend({ sshPort: port, bootMs: 0 })
  const identity = newSshIdentity('test')
  const document = { hostname: 'one', sshKeys: [identity.publicKey], userData: '#cloud-config\n' }
  await backend.launch({ ...spec('i-1'), document })
  const host = (await backend.nics('i-1'))[0]?.ipv4.address ?? ''
  const place = { host, port, deadlineMs: 10_000 }
  const hostKeys = [await shownHostKey(place)]
  const line = await connectSsh2({ ...place, user: 'root', privateKey: identity.privateKey, hostKeys })
  const { stdout, exitCode } = await line.exec({
    command: 'cat /var/lib/cloud/seed/user-data; cat; exit 3',
    stdin: 'in',
    deadlineMs: 10_000,
  })
  expect([Buffer.from(stdout).toString(), exitCode]).toEqual(['#cloud-config\nin', 3])
  await line.close()
  const other = connectSsh2({ ...place, user: 'root', privateKey: newSshIdentity('other').privateKey, hostKeys })
  await expect(other).rejects.toMatchObject({ reason: 'auth' })
})

test('an image outlives the machine it was made of', async () => {
  await using backend = new MemoryBackend()
  await backend.launch({ ...spec('i-1'), document: { userData: 'kept' } })
  const image = await backend.capture('i-1')
  await backend.destroy('i-1')
  await backend.launch({ ...spec('i-2'), image })
  expect(await backend.state('i-2')).toBe('running')
})

test('the console tells the end of the boot', async () => {
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  await backend.launch(spec('i-1'))
  await waitUntil({ what: 'the console', deadlineMs: 5000 }, async () => {
    const text = await backend.console('i-1')
    return text.includes('login:') ? { done: true, value: text } : { done: false, saw: text }
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
