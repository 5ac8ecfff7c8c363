import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from '../../../src/instance/machine.ts'
import type { Transport } from '../../../src/instance/transport/transport.ts'
import { describeTransport } from '../../conformance/transport-contract.ts'
import { openBench, text, whyNoLxd } from './open-lxd.ts'
import type { Bench } from './open-lxd.ts'

const skip = await whyNoLxd()

describe.skipIf(skip)(`lxd exec${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let bench: Bench
  let machine: Machine
  let line: Transport
  beforeAll(async () => {
    bench = await openBench()
    machine = await bench.launch()
    line = await machine.connect({ deadlineMs: 20_000 })
  })
  afterAll(async () => {
    await line?.close()
    await machine?.destroy()
    await bench?.session.close()
  })
  const exec = (command: string, more: Partial<Parameters<Transport['exec']>[0]> = {}) =>
    line.exec({ command, deadlineMs: 60_000, ...more })
  const alive = async (pattern: string) => text((await exec(`pgrep -f '${pattern}' || true`)).stdout).trim()

  describeTransport('lxd', () => machine.connect({ deadlineMs: 20_000 }))

  test('200 commands at once keep their codes and outputs apart', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => exec(`echo o${index}; echo e${index} >&2; exit ${index % 100}`)),
    )
    expect(results.map((one) => [one.exitCode, text(one.stdout), text(one.stderr)])).toEqual(
      results.map((_, index) => [index % 100, `o${index}\n`, `e${index}\n`]),
    )
  })

  test('short commands with stdin are never lost, many times over', async () => {
    for (let round = 0; round < 10; round++) {
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, index) => exec(`exit ${index}`, { stdin: 'ignored' })),
      )
      expect(results.map((one) => one.exitCode)).toEqual(results.map((_, index) => index))
    }
  })

  test('binary output arrives byte for byte', async () => {
    const result = await exec('i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done')
    expect([...result.stdout]).toEqual(Array.from({ length: 256 }, (_, index) => index))
    const sum = text((await exec('head -c 5000000 /dev/urandom > /var/tmp/r; sha256sum < /var/tmp/r')).stdout)
    const { stdout } = await exec('cat /var/tmp/r; rm /var/tmp/r')
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(sum.slice(0, 64))
  })

  test('2 GB of output is drained within bounds of memory', async () => {
    const before = process.memoryUsage().rss
    const result = await exec('head -c 2000000000 /dev/zero; echo end >&2; exit 5', {
      maxBytes: 1_000_000,
      deadlineMs: 240_000,
    })
    expect([result.exitCode, result.stdout.length, result.truncated, text(result.stderr)]).toEqual([
      5,
      1_000_000,
      true,
      'end\n',
    ])
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000)
  })

  test('a deadline kills all that the command started', async () => {
    const command = 'sleep 7711 & (setsid sleep 7712 &); sh -c "sleep 7713; true"'
    await expect(exec(command, { deadlineMs: 500 })).rejects.toThrow('it was killed')
    await expect(exec('cat; sleep 7714', { stdin: 'x', deadlineMs: 500 })).rejects.toThrow('it was killed')
    expect(await alive('sleep 771[1-4]')).toBe('')
  })

  test('at whatever moment the deadline comes, nothing is left running', async () => {
    for (const deadlineMs of [1, 5, 10, 15, 20, 25, 30, 40, 50, 80])
      for (const stdin of [undefined, 'x'])
        await expect(exec('sleep 7731', { deadlineMs, ...(stdin ? { stdin } : {}) })).rejects.toMatchObject({
          reason: 'timeout',
        })
    expect(await alive('sleep 773[1]')).toBe('')
  })

  test('a deadline spares what earlier commands left running', async () => {
    await exec('setsid sleep 7721 >/dev/null 2>&1 & sleep 7722 &')
    await expect(exec('sleep 7723', { deadlineMs: 500 })).rejects.toMatchObject({ reason: 'timeout' })
    expect((await alive('sleep 772[123]')).split('\n')).toHaveLength(2)
    await exec('pkill -f "sleep 772[12]"')
  })

  test('where no shell can stay open, a command without stdin reads an empty one', async () => {
    // The shells that are open already cannot do without.
    await exec('mv /usr/bin/setsid /root/setsid.away')
    const plain = await machine.connect({ deadlineMs: 20_000 })
    try {
      const result = await plain.exec({ command: 'cat; echo end', deadlineMs: 10_000 })
      expect([result.exitCode, text(result.stdout)]).toEqual([0, 'end\n'])
    } finally {
      await plain.exec({ command: 'mv /root/setsid.away /usr/bin/setsid', deadlineMs: 10_000 })
      await plain.close()
    }
    expect((await exec('command -v setsid')).exitCode).toBe(0)
  })

  test('late output of a command does not reach the next', async () => {
    await exec('(while :; do echo late; echo late >&2; sleep 0.01; done) & echo $! > /tmp/late.pid')
    const results = await Promise.all(Array.from({ length: 50 }, () => exec('sleep 0.02; echo mine')))
    expect(new Set(results.map((one) => text(one.stdout) + text(one.stderr)))).toEqual(new Set(['mine\n']))
    await exec('kill $(cat /tmp/late.pid)')
  })

  test('commands do not see what others changed in their shell', async () => {
    await exec('cd /etc; umask 077; X=1; export X; exec 5>&1; ulimit -n 64')
    const { stdout } = await exec('pwd; umask; echo "[$X]"; ulimit -n; ls /proc/self/fd | tr "\\n" " "')
    expect(text(stdout)).toMatch(/^\/root\n0022\n\[\]\n(?!64\n)\d+\n0 1 2 3 $/)
  })

  test('output that is taken away slowly is complete', async () => {
    const hash = createHash('sha256')
    const result = await exec('seq 1 2000000', { stdoutTo: hash })
    const expected = createHash('sha256')
    for (let number = 1; number <= 2_000_000; number++) expected.update(`${number}\n`)
    expect([result.exitCode, hash.digest('hex')]).toEqual([0, expected.digest('hex')])
  })

  test('a stream that is full when its command ends costs no shell', async () => {
    for (let round = 0; round < 40; round++) {
      const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void setTimeout(done, 50) })
      await exec('echo something', { stdoutTo: slow })
      slow.end()
    }
    expect(text((await exec('echo here', { deadlineMs: 5000 })).stdout)).toBe('here\n')
  })

  test('100 MB go up and down unchanged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lxd-push-'))
    try {
      const data = randomBytes(100_000_000)
      await writeFile(join(folder, 'up'), data)
      await exec('cat > /var/tmp/large', { stdin: createReadStream(join(folder, 'up')) })
      const sum = createHash('sha256').update(data).digest('hex')
      const seen = await exec('sha256sum < /var/tmp/large')
      expect(text(seen.stdout)).toBe(`${sum}  -\n`)
      const coming = createWriteStream(join(folder, 'down'))
      await exec('cat /var/tmp/large', { stdoutTo: coming })
      coming.end()
      await finished(coming)
      const down = createHash('sha256')
      await pipeline(createReadStream(join(folder, 'down')), down)
      expect(down.digest('hex')).toBe(sum)
    } finally {
      await rm(folder, { recursive: true, force: true })
      await exec('rm -f /var/tmp/large')
    }
  })

  test('a machine stopped under a command is a lost line, never a result', async () => {
    const other = await bench.launch()
    try {
      const transport = await other.connect({ deadlineMs: 20_000 })
      const running = [
        transport.exec({ command: 'sleep 60', deadlineMs: 60_000 }),
        transport.exec({ command: 'cat; sleep 60', stdin: 'x', deadlineMs: 60_000 }),
      ].map((promise) => promise.catch((error: unknown) => error))
      // A shell that is about to fork would end by itself: the kernel refuses forks as soon as the first process is gone.
      const both = `until [ "$(pgrep -cf '^sleep 60$')" = 2 ]; do sleep 0.1; done`
      await transport.exec({ command: both, deadlineMs: 20_000 })
      await other.stop({ force: true, deadlineMs: 60_000 })
      for (const outcome of await Promise.all(running))
        expect(outcome).toMatchObject({ name: 'TransportError', reason: 'lost' })
      await expect(other.connect({ deadlineMs: 5000 })).rejects.toMatchObject({ reason: 'refused', retryable: true })
      await other.start({ deadlineMs: 60_000 })
      expect((await transport.exec({ command: 'echo again', deadlineMs: 20_000 })).exitCode).toBe(0)
      // A first process that has not come to listen yet does not hear it.
      const listens = 'until [ -S /run/systemd/private ]; do sleep 0.1; done'
      await transport.exec({ command: listens, deadlineMs: 20_000 })
      const rebooting = transport.exec({ command: 'kill -RTMIN+5 1; sleep 60', deadlineMs: 60_000 })
      await expect(rebooting).rejects.toMatchObject({ reason: 'lost' })
      await transport.close()
    } finally {
      await other.destroy()
    }
  })
})
