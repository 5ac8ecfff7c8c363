import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CancelledError } from '../../src/core/errors.ts'
import { quote } from '../../src/instance/shell.ts'
import type { Transport } from '../../src/instance/transport/transport.ts'

export const NASTY = [
  '',
  ' ',
  "'",
  '"',
  `a'b"c`,
  '$HOME $(id) `id`',
  '\\',
  '\\n',
  'line one\nline two\n',
  '*',
  '~',
  '-n',
  '--',
  '#not a comment',
  '!history',
  'ä € 🚀',
  '\t\r',
  '%s%d',
  '; exit 3',
  "$'x'",
  'a\\\nb',
]

/** What every transport must do, whatever carries it. */
export function describeTransport(name: string, open: () => Promise<Transport>): void {
  describe(`transport ${name}`, () => {
    let transport: Transport
    let folder: string
    beforeAll(async () => {
      transport = await open()
      folder = await mkdtemp(join(tmpdir(), 'transport-'))
    })
    afterAll(async () => {
      await transport.close()
      await rm(folder, { recursive: true, force: true })
    })
    const exec = (command: string, more: Partial<Parameters<Transport['exec']>[0]> = {}) =>
      transport.exec({ command, deadlineMs: 20_000, ...more })
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

    test('carries exit code and both streams apart', async () => {
      const result = await exec('echo out; echo err >&2; exit 7')
      expect([result.exitCode, text(result.stdout), text(result.stderr)]).toEqual([7, 'out\n', 'err\n'])
    })

    test.each([0, 1, 2, 126, 127, 254, 255])('exit code %i is itself', async (code) => {
      expect((await exec(`exit ${code}`)).exitCode).toBe(code)
    })

    test('an unknown command is 127, not an exception', async () => {
      expect((await exec('no-such-command-here')).exitCode).toBe(127)
    })

    test('quoting survives nasty strings', async () => {
      const result = await exec(`printf '%s\\001' ${NASTY.map(quote).join(' ')}`)
      expect(text(result.stdout).split('\u0001').slice(0, -1)).toEqual(NASTY)
    })

    test('stdin arrives whole, from a string, bytes and a stream', async () => {
      const bytes = randomBytes(300_000)
      expect(text((await exec('cat', { stdin: 'hello\n' })).stdout)).toBe('hello\n')
      expect(Buffer.from((await exec('cat', { stdin: bytes })).stdout).equals(bytes)).toBe(true)
      expect(Buffer.from((await exec('cat', { stdin: Readable.from([bytes]) })).stdout).equals(bytes)).toBe(true)
    })

    test('a command that does not read its stdin is no failure', async () => {
      expect((await exec('true', { stdin: randomBytes(3_000_000) })).exitCode).toBe(0)
    })

    test('environment values reach the command unchanged', async () => {
      expect(text((await exec('printf %s "$TRICKY"', { env: { TRICKY: `a 'b' "c" $d` } })).stdout)).toBe(`a 'b' "c" $d`)
    })

    test('output over the limit is dropped and said to be', async () => {
      const result = await exec('printf 0123456789', { maxBytes: 4 })
      expect([text(result.stdout), result.truncated]).toEqual(['0123', true])
      expect((await exec('printf 0123', { maxBytes: 4 })).truncated).toBe(false)
    })

    test('output is passed on at the pace of its taker', async () => {
      let got = 0
      const slow = new Writable({
        highWaterMark: 1024,
        write: (chunk: Buffer, _encoding, done) => {
          got += chunk.length
          setImmediate(done)
        },
      })
      const result = await exec(`printf '%s' ${'x'.repeat(100_000)}`, { stdoutTo: slow })
      expect([got, result.stdout.length]).toEqual([100_000, 0])
    })

    test('bytes go up by stdin and come down by stdout', async () => {
      const bytes = randomBytes(200_000)
      const path = `/tmp/transport-${randomBytes(6).toString('hex')}`
      await writeFile(join(folder, 'local'), bytes)
      await exec(`cat > ${path}`, { stdin: createReadStream(join(folder, 'local')) })
      const got = createWriteStream(join(folder, 'got'))
      await exec(`cat ${path}; rm ${path}`, { stdoutTo: got })
      got.end()
      await finished(got)
      expect((await readFile(join(folder, 'got'))).equals(bytes)).toBe(true)
    })

    test('a command is killed at its deadline', async () => {
      await expect(exec('sleep 60', { deadlineMs: 300 })).rejects.toMatchObject({
        name: 'TransportError',
        reason: 'timeout',
      })
      expect(text((await exec('echo still here')).stdout)).toBe('still here\n')
    })

    test('a command can be cancelled', async () => {
      const controller = new AbortController()
      const running = exec('sleep 60', { signal: controller.signal })
      setImmediate(() => controller.abort())
      await expect(running).rejects.toBeInstanceOf(CancelledError)
    })

    test('many commands at once are queued, not refused', async () => {
      const results = await Promise.all(Array.from({ length: 40 }, (_, index) => exec(`echo ${index}`)))
      expect(results.map((result) => Number(text(result.stdout)))).toEqual(results.map((_, index) => index))
    })
  })
}
