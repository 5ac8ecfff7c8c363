import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../../src/core/wait-until.ts'
import type { Machine } from '../../../src/instance/machine.ts'
import type { Transport } from '../../../src/instance/transport/transport.ts'
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
  let line: Transport
  let folder: string
  beforeAll(async () => {
    bench = await openBench()
    machine = await bench.launch()
    line = await machine.connect({ deadlineMs: 20_000 })
    folder = await mkdtemp(join(tmpdir(), 'harness-opening-'))
  })
  afterAll(async () => {
    await line?.close()
    await machine?.destroy()
    await bench?.session.close()
    await rm(folder, { recursive: true })
  })
  const sh = async (command: string) => text((await line.exec({ command, deadlineMs: 20_000 })).stdout)

  /** A line to the machine through `server`, which stands before the daemon. */
  async function lineThrough(make: (daemon: string) => Server) {
    const endpoint = await findEndpoint({})
    if (endpoint.kind !== 'unix') throw new Error('this test needs the socket of the daemon')
    const server = make(endpoint.socketPath)
    const socketPath = join(folder, 'socket')
    await new Promise<void>((ready) => void server.listen(socketPath, ready))
    const client = new LxdClient({ kind: 'unix', socketPath })
    const transport = new LxdExecTransport(client, machine.name)
    return {
      transport,
      async [Symbol.asyncDispose]() {
        await transport.close()
        client.close()
        await new Promise((closed) => server.close(closed))
      },
    }
  }

  test.each(LINES)('the command does not run when the answer for %s is not seen', async (name) => {
    const number = LINES.indexOf(name)
    {
      await using through = await lineThrough((daemon) => holdBack(daemon, (nth) => nth === number))
      const running = through.transport.exec({ command: `sleep 77${number}7`, stdin: 'x', deadlineMs: 700 })
      await expect(running).rejects.toMatchObject({ name: 'TransportError' })
    }
    await pause(500)
    expect(await sh(`pgrep -fa 'sleep 77${number}[7]' || true`)).toBe('')
  })

  test('a command that is cancelled while they open does not run', async () => {
    await using through = await lineThrough((daemon) => holdBack(daemon, () => true, 600))
    const cancel = new AbortController()
    const running = through.transport.exec({
      command: 'touch /root/ran',
      stdin: '',
      deadlineMs: 10_000,
      signal: cancel.signal,
    })
    setTimeout(() => cancel.abort(), 300)
    await expect(running).rejects.toMatchObject({ name: 'CancelledError' })
    await pause(500)
    expect(await sh('ls /root/ran 2>&1 || true')).toContain('No such file')
    const late = await through.transport.exec({ command: 'touch /root/ran', stdin: '', deadlineMs: 10_000 })
    expect([late.exitCode, await sh('ls /root/ran')]).toEqual([0, '/root/ran\n'])
  })
})

/** Stands before the daemon and keeps the answers for some websockets, counted from 0, to itself: for a time, or for ever. */
function holdBack(daemon: string, which: (nth: number) => boolean, ms?: number): Server {
  let opened = 0
  return createServer((near: Socket) => {
    const far = connect(daemon)
    const end = () => (near.destroy(), far.destroy())
    for (const side of [near, far]) side.on('close', end).on('error', end)
    let answers = true
    near.on('data', (chunk: Buffer) => {
      if (chunk.includes('Upgrade: websocket') && which(opened++)) {
        answers = false
        far.pause()
        if (ms !== undefined)
          setTimeout(() => {
            answers = true
            far.resume()
          }, ms)
      }
      far.write(chunk)
    })
    far.on('data', (chunk: Buffer) => void (answers && near.write(chunk)))
  })
}
