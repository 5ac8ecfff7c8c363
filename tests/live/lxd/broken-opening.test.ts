import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../../src/core/wait-until.ts'
import type { Machine } from '../../../src/instance/machine.ts'
import { LxdClient } from '../../../src/platforms/lxd/client.ts'
import { findEndpoint } from '../../../src/platforms/lxd/endpoint.ts'
import { LxdExecTransport } from '../../../src/platforms/lxd/exec-transport.ts'
import { openBench, text, whyNoLxd } from './open-lxd.ts'
import type { Bench } from './open-lxd.ts'

const skip = await whyNoLxd()
/** The lines of an exec in the order in which the harness opens them. */
const LINES = ['control', 'stdin', 'stdout', 'stderr']

describe.skipIf(skip)(`lxd exec whose lines do not all open${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let bench: Bench
  let machine: Machine
  beforeAll(async () => {
    bench = await openBench()
    machine = await bench.launch()
  })
  afterAll(async () => {
    await machine?.destroy()
    await bench?.session.close()
  })

  test.each(LINES)('the command does not run when the answer for %s is not seen', async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'harness-opening-'))
    const endpoint = await findEndpoint({})
    if (endpoint.kind !== 'unix') throw new Error('this test needs the socket of the daemon')
    const socketPath = join(folder, 'socket')
    const between = holdBack(endpoint.socketPath, LINES.indexOf(name))
    await new Promise<void>((ready) => void between.listen(socketPath, ready))
    const client = new LxdClient({ kind: 'unix', socketPath })
    const line = await machine.connect({ deadlineMs: 20_000 })
    try {
      const transport = new LxdExecTransport(client, machine.name)
      const command = `sleep 77${LINES.indexOf(name)}7`
      await expect(transport.exec({ command, stdin: 'x', deadlineMs: 700 })).rejects.toMatchObject({
        name: 'TransportError',
      })
      await transport.close()
      await pause(500)
      const left = await line.exec({
        command: `pgrep -fa '${command.replace(/7$/, '[7]')}' || true`,
        deadlineMs: 20_000,
      })
      expect(text(left.stdout)).toBe('')
    } finally {
      await line.close()
      client.close()
      between.close()
      await rm(folder, { recursive: true })
    }
  })
})

/** Stands before the daemon and keeps the answer for the websocket with this number, counted from 0, to itself. */
function holdBack(daemon: string, number: number): Server {
  let opened = 0
  return createServer((near: Socket) => {
    const far = connect(daemon)
    const end = () => (near.destroy(), far.destroy())
    for (const side of [near, far]) side.on('close', end).on('error', end)
    let answers = true
    near.on('data', (chunk: Buffer) => {
      if (chunk.includes('Upgrade: websocket') && opened++ === number) {
        answers = false
        far.pause()
      }
      far.write(chunk)
    })
    far.on('data', (chunk: Buffer) => void (answers && near.write(chunk)))
  })
}
