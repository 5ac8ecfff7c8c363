import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CancelledError } from '../../../src/core/errors.ts'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import { newSshIdentity } from '../../../src/instance/ssh-keys.ts'
import { connectOpenSsh } from '../../../src/instance/transport/openssh.ts'
import { connectSsh2 } from '../../../src/instance/transport/ssh2.ts'
import type { Transport } from '../../../src/instance/transport/transport.ts'
import { freePort, isAlive, noSshd, notRoot, signal, startSshd } from './sshd.ts'
import type { TestSshd } from './sshd.ts'

const GIB = 1024 ** 3
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe.skipIf(noSshd).each([
  { name: 'ssh2', connect: connectSsh2 },
  { name: 'openssh', connect: connectOpenSsh },
])(`$name against a real sshd${noSshd ? ` (skipped: ${noSshd})` : ''}`, ({ connect }) => {
  let sshd: TestSshd
  let transport: Transport
  beforeAll(async () => {
    sshd = await startSshd()
    transport = await connect(sshd.target())
  })
  afterAll(async () => {
    await transport?.close()
    await sshd?.[Symbol.asyncDispose]()
  })
  const exec = (command: string, deadlineMs = 60_000) => transport.exec({ command, deadlineMs })
  const folder = () => readdir(tmpdir()).then((names) => names.filter((name) => name.startsWith('hssh-')))

  test('two gigabytes of output are drained and memory stays bounded', async () => {
    const before = process.memoryUsage().rss
    const running = transport.exec({
      command: 'head -c 2147483648 /dev/zero',
      deadlineMs: 240_000,
      maxBytes: 1_000_000,
    })
    let peak = 0
    const stop = new AbortController()
    const watching = (async () => {
      while (!stop.signal.aborted) {
        peak = Math.max(peak, process.memoryUsage().rss - before)
        await pause(50, stop.signal)
      }
    })()
    const result = await running
    stop.abort()
    await watching
    expect([result.exitCode, result.truncated, result.stdout.length]).toEqual([0, true, 1_000_000])
    expect(peak).toBeLessThan(0.4 * GIB)
  })

  test('binary output arrives byte for byte', async () => {
    const path = join(tmpdir(), `binary-${randomBytes(4).toString('hex')}`)
    const bytes = randomBytes(5_000_000)
    await writeFile(path, bytes)
    try {
      expect(Buffer.from((await exec(`cat ${path}; cat ${path} >&2`)).stdout).equals(bytes)).toBe(true)
    } finally {
      await rm(path)
    }
  })

  test('output in small pieces keeps its order and loses nothing', async () => {
    const result = await exec('i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done')
    expect(text(result.stdout)).toBe(Array.from({ length: 2000 }, (_, index) => `${index}\n`).join(''))
  })

  test('200 commands at once all give their own answer', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => exec(`echo ${index}; exit ${index % 256}`)),
    )
    expect(results.map((result) => [text(result.stdout), result.exitCode])).toEqual(
      results.map((_, index) => [`${index}\n`, index % 256]),
    )
  })

  test.skipIf(process.getuid?.() === undefined)(
    'the deadline kills the remote command and what it started',
    async () => {
      const file = join(tmpdir(), `pids-${randomBytes(4).toString('hex')}`)
      const command = `(sleep 300 & echo $! >> ${file}; sleep 301) & echo $! >> ${file}; echo $$ >> ${file}; trap '' TERM HUP; sleep 302; sleep 303`
      try {
        await expect(exec(command, 1500)).rejects.toMatchObject({ name: 'TransportError', reason: 'timeout' })
        const pids = (await readFile(file, 'utf8')).trim().split('\n').map(Number)
        expect(pids).toHaveLength(3)
        await gone(pids)
      } finally {
        await rm(file, { force: true })
      }
    },
  )

  test('an abort kills the remote command', async () => {
    const file = join(tmpdir(), `pid-${randomBytes(4).toString('hex')}`)
    const controller = new AbortController()
    const running = transport.exec({
      command: `echo $$ > ${file}; exec sleep 300`,
      deadlineMs: 60_000,
      signal: controller.signal,
    })
    running.catch(() => undefined)
    const pid = await waitUntil({ what: 'the command to start', deadlineMs: 10_000, intervalMs: 20 }, async () => {
      const found = Number(await readFile(file, 'utf8').catch(() => ''))
      return found > 0 ? { done: true, value: found } : { done: false, saw: 'no pid yet' }
    })
    controller.abort()
    await expect(running).rejects.toBeInstanceOf(CancelledError)
    await gone([pid])
    await rm(file)
  })

  test('a slow taker slows the sender down instead of filling the memory', async () => {
    let taken = 0
    const slow = new Writable({
      highWaterMark: 65_536,
      write: (chunk: Buffer, _encoding, done) => {
        taken += chunk.length
        setImmediate(done)
      },
    })
    const before = process.memoryUsage().rss
    await transport.exec({ command: 'head -c 200000000 /dev/zero', deadlineMs: 120_000, stdoutTo: slow })
    expect(taken).toBe(200_000_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(0.4 * GIB)
  })

  test('100 MB go up and come down whole', async () => {
    const local = join(tmpdir(), `up-${randomBytes(4).toString('hex')}`)
    const remote = `${local}-remote`
    const bytes = randomBytes(100_000_000)
    await writeFile(local, bytes)
    try {
      await transport.exec({ command: `cat > ${remote}`, stdin: createReadStream(local), deadlineMs: 120_000 })
      const stdoutTo = createWriteStream(`${local}-back`)
      await transport.exec({ command: `cat ${remote}`, stdoutTo, deadlineMs: 120_000 })
      stdoutTo.end()
      await finished(stdoutTo)
      expect((await readFile(`${local}-back`)).equals(bytes)).toBe(true)
    } finally {
      for (const path of [local, remote, `${local}-back`]) await rm(path, { force: true })
    }
  })

  test('time spent waiting for a free channel counts', async () => {
    const stop = new AbortController()
    const busy = Array.from({ length: 8 }, () =>
      transport.exec({ command: 'sleep 30', deadlineMs: 60_000, signal: stop.signal }),
    )
    const ends = Promise.allSettled(busy)
    await expect(exec('echo late', 500)).rejects.toMatchObject({ name: 'TransportError', reason: 'timeout' })
    stop.abort()
    await ends
    expect(text((await exec('echo free again')).stdout)).toBe('free again\n')
  })

  test('another host key is refused', async () => {
    const other = newSshIdentity('other').publicKey.split(' ').slice(0, 2).join(' ')
    await expect(connect({ ...sshd.target(), hostKeys: [other] })).rejects.toMatchObject({ reason: 'host-key' })
    await expect(connect({ ...sshd.target(), hostKeys: [] })).rejects.toMatchObject({ reason: 'host-key' })
  })

  test('another user key is refused', async () => {
    const target = { ...sshd.target(), privateKey: newSshIdentity('stranger').privateKey }
    await expect(connect(target)).rejects.toMatchObject({ reason: 'auth', retryable: false })
  })

  test('a closed port is refused and may be tried again', async () => {
    await expect(connect({ ...sshd.target(), port: await freePort() })).rejects.toMatchObject({
      reason: 'refused',
      retryable: true,
    })
  })

  test('a connection that breaks in mid-command is lost, never a success', async () => {
    const own = await startSshd()
    const line = await connect(own.target())
    const running = line.exec({ command: 'sleep 100; echo done', deadlineMs: 60_000 })
    running.catch(() => undefined)
    await line.exec({ command: 'true', deadlineMs: 10_000 })
    for (const pid of await own.sessions()) signal(pid, 'SIGKILL')
    await expect(running).rejects.toMatchObject({ name: 'TransportError', reason: 'lost', retryable: true })
    await expect(line.exec({ command: 'true', deadlineMs: 10_000 })).rejects.toMatchObject({ reason: 'lost' })
    await line.close()
    await own[Symbol.asyncDispose]()
  })

  test('a frozen peer is noticed', { timeout: 90_000 }, async () => {
    const own = await startSshd()
    const line = await connect(own.target())
    const running = line.exec({ command: 'sleep 100', deadlineMs: 80_000 })
    running.catch(() => undefined)
    await line.exec({ command: 'true', deadlineMs: 10_000 })
    const frozen = await own.sessions()
    for (const pid of frozen) signal(pid, 'SIGSTOP')
    await expect(running).rejects.toMatchObject({ name: 'TransportError', reason: 'lost' })
    for (const pid of frozen) signal(pid, 'SIGCONT')
    await line.close()
    await own[Symbol.asyncDispose]()
  })

  test('a deadline holds even when the peer is frozen and nothing can be killed', async () => {
    const own = await startSshd()
    const line = await connect(own.target())
    await line.exec({ command: 'true', deadlineMs: 10_000 })
    const frozen = await own.sessions()
    for (const pid of frozen) signal(pid, 'SIGSTOP')
    await expect(line.exec({ command: 'echo late', deadlineMs: 1000 })).rejects.toMatchObject({ reason: 'timeout' })
    for (const pid of frozen) signal(pid, 'SIGCONT')
    await line.close()
    await own[Symbol.asyncDispose]()
  })

  test('what start-up files print is not taken for output', async () => {
    const own = await startSshd(
      'SetEnv ENV=/dev/null\nForceCommand echo noise; echo noise >&2; eval "$SSH_ORIGINAL_COMMAND"',
    )
    const line = await connect(own.target())
    const result = await line.exec({ command: 'echo answer; echo trouble >&2', deadlineMs: 10_000 })
    expect([text(result.stdout), text(result.stderr)]).toEqual(['answer\n', 'trouble\n'])
    await line.close()
    await own[Symbol.asyncDispose]()
  })

  test('an account that only tells where to log in is an error with its words', async () => {
    const own = await startSshd('ForceCommand echo Please login as the user debian; exit 142')
    const line = await connect(own.target())
    await expect(line.exec({ command: 'true', deadlineMs: 10_000 })).rejects.toThrow(/Please login as the user debian/)
    await line.close()
    await own[Symbol.asyncDispose]()
  })

  test('closing leaves no process, folder or socket behind', async () => {
    const before = await folder()
    const line = await connect(sshd.target())
    await line.exec({ command: 'true', deadlineMs: 10_000 })
    await line.close()
    expect(await folder()).toEqual(before)
    await expect(line.exec({ command: 'true', deadlineMs: 10_000 })).rejects.toMatchObject({ reason: 'lost' })
  })

  describe.skipIf(notRoot)(`as a user without rights${notRoot ? ` (skipped: ${notRoot})` : ''}`, () => {
    test('the deadline kills the remote command too', async () => {
      const line = await connect(sshd.target('tester'))
      const file = `/tmp/tester-${randomBytes(4).toString('hex')}`
      expect(text((await line.exec({ command: 'id -un', deadlineMs: 10_000 })).stdout)).toBe('tester\n')
      await expect(
        line.exec({ command: `echo $$ > ${file}; sleep 300; sleep 301`, deadlineMs: 1000 }),
      ).rejects.toMatchObject({ reason: 'timeout' })
      await gone([Number(await readFile(file, 'utf8'))])
      await rm(file)
      await line.close()
    })
  })
})

async function gone(pids: number[]): Promise<void> {
  await waitUntil({ what: `processes ${pids.join(', ')} to be gone`, deadlineMs: 5000 }, async () => {
    const alive = await Promise.all(pids.map(isAlive))
    return alive.some(Boolean)
      ? { done: false, saw: `${alive.filter(Boolean).length} alive` }
      : { done: true, value: undefined }
  })
}
