import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askQemu } from '../../../../src/platforms/qemu/client.ts'

let folder: string
const servers: Server[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmp-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await rm(folder, { recursive: true, force: true })
})

/** A monitor that greets and answers each command as told; an answer of several lines is sent as several. */
async function monitor(answers: Record<string, string | undefined>, name = 'qmp.sock', greeting = '{"QMP":{}}\r\n') {
  const path = join(folder, name)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(greeting)
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().trim().split('\n')) {
        const { execute } = JSON.parse(line) as { execute: string }
        const answer = { qmp_capabilities: '{"return":{}}\r\n', ...answers }[execute]
        if (answer === undefined) socket.destroy()
        else for (const part of answer.match(/.{1,7}/gs) ?? []) socket.write(part)
      }
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

const waiting = { deadlineMs: 2000 }

test('an answer is found among events, whatever the pieces it comes in', async () => {
  const path = await monitor({
    'query-status': '{"event":"STOP","data":{}}\r\n{"return":{"status":"running"}}\r\n{"event":"RESET"}\r\n',
  })
  expect(await askQemu(path, [['query-status']], waiting)).toEqual({ status: 'running' })
})

test('a refusal tells what QEMU said', async () => {
  const path = await monitor({ device_add: '{"error":{"class":"GenericError","desc":"Duplicate device ID"}}\n' })
  await expect(askQemu(path, [['device_add', {}]], waiting)).rejects.toMatchObject({
    name: 'PlatformError',
    kind: 'conflict',
    message: 'QEMU failed to device_add: Duplicate device ID',
  })
})

test('silence, a missing socket and a QEMU that goes away are unavailable', async () => {
  const mute = await monitor({}, 'mute.sock', '')
  await expect(askQemu(mute, [['x']], { deadlineMs: 50 })).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(askQemu(join(folder, 'none'), [['x']], waiting)).rejects.toMatchObject({ kind: 'unavailable' })
  const leaving = await monitor({ quit: undefined }, 'leaving.sock')
  await expect(askQemu(leaving, [['quit']], waiting)).rejects.toMatchObject({ kind: 'unavailable' })
})

test('a cancelled wait ends at once', async () => {
  const mute = await monitor({}, 'mute.sock', '')
  const signal = AbortSignal.timeout(20)
  await expect(askQemu(mute, [['x']], { ...waiting, signal })).rejects.toMatchObject({ name: 'CancelledError' })
})

test('a socket whose path is too long for an address is reached all the same', async () => {
  const deep = join('d'.repeat(60), 'e'.repeat(60))
  await mkdir(join(folder, deep), { recursive: true })
  const before = process.cwd()
  process.chdir(join(folder, deep))
  try {
    const server = createServer((socket) => {
      socket.write('{"QMP":{}}\n')
      socket.on('data', () => socket.write('{"return":1}\n'))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen('qmp.sock', resolve))
    expect(await askQemu(join(folder, deep, 'qmp.sock'), [['x']], waiting)).toBe(1)
  } finally {
    process.chdir(before)
  }
})
