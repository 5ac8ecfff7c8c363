import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runHost } from '../../../../src/core/subprocess.ts'
import { CLOUDS } from '../../../../src/imds/clouds.ts'
import { newDocument } from '../../../../src/imds/document.ts'
import { cloudArguments, forwards } from '../../../../src/platforms/qemu/cloud/cloud-arguments.ts'
import type { CloudRecord } from '../../../../src/platforms/qemu/cloud/prepare-guest.ts'
import { userNetwork } from '../../../../src/platforms/qemu/network.ts'

const escaped = (text: string) => text.replaceAll(',', ',,')
const drive = (node: string, file: string) => ['-blockdev', `${node} ${file}`]

function recordOf(name: keyof typeof CLOUDS): CloudRecord {
  const cloud = CLOUDS[name]
  const document = newDocument(cloud, 'guest')
  return {
    dmi: cloud.dmi(document),
    services: cloud.endpoints.map(({ address }) => ({ address, path: '/tmp/a, b/socket' })),
    hostNames: [...(cloud.hostNames ?? [])],
    control: '/tmp/control',
    disc: cloud.disc !== undefined,
  }
}

test('the firmware says what ds-identify looks for', () => {
  const words = (name: keyof typeof CLOUDS) => cloudArguments(recordOf(name), { escaped, drive })
  expect(words('ec2').join(' ')).toMatch(/type=1,manufacturer=Amazon EC2,product=t3\.micro,serial=ec2/)
  expect(words('azure')).toContain('type=3,asset=7783-7084-3265-9085-8269-3286-77')
  expect(words('azure').join(' ')).toContain('-blockdev disc disc.iso -device virtio-scsi-pci,id=drives')
  expect(words('gce').join(' ')).not.toContain('-blockdev')
  const credential = /tmpfiles\.extra=(\S+)/.exec(words('gce').join(' '))?.[1] ?? ''
  expect(Buffer.from(credential, 'base64').toString()).toMatch(
    /^w\+ \/etc\/hosts .* metadata\.google\.internal .*\\n\n$/,
  )
})

test('the addresses of the services are inside the network of the guest, and nothing else is led out of it', () => {
  const [metadata, wire] = forwards(recordOf('azure'), escaped)
  expect(metadata).toMatch(/^guestfwd=tcp:169\.254\.169\.254:80-cmd:'.*' '.*forward\.ts' '\/tmp\/a,, b\/socket'$/)
  expect(wire).toMatch(/^guestfwd=tcp:168\.63\.129\.16:80-cmd:/)
  const inside = (address: string) => (Number(address.split('.')[0]) & 254) === 168
  expect(userNetwork({ network: 'user' }).subnet).toBe('168.0.0.0/7')
  expect(['169.254.169.254', '168.63.129.16', userNetwork({ network: 'user' }).address].every(inside)).toBe(true)
  expect(userNetwork({ network: 'isolated' }).subnet).toBe('10.0.2.0/24')
})

test('a connection is led to the socket, in both directions and to its end', { timeout: 20_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forward-'))
  const path = join(folder, 'socket')
  const server = createServer((socket) => socket.once('data', (data) => socket.end(`heard ${data.toString()}`)))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    const program = join(import.meta.dirname, '../../../../src/platforms/qemu/cloud/forward.ts')
    expect(await runHost([process.execPath, program, path], { deadlineMs: 15_000, stdin: 'GET' })).toBe('heard GET')
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
})
