import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { connectSsh2 } from '../../../src/instance/transport/ssh2.ts'
import type { TerminalRequest } from '../../../src/instance/machine.ts'
import { noSshd, startSshd } from './sshd.ts'

test.skipIf(noSshd)(`a prompt over SSH${noSshd ? ` (${noSshd})` : ''}`, async () => {
  await using sshd = await startSshd()
  const transport = await connectSsh2(sshd.target())
  const [input, output] = [new PassThrough(), new PassThrough()]
  let [columns, resized] = [100, () => {}]
  const request: TerminalRequest = {
    input,
    output,
    term: 'vt100',
    size: () => ({ columns, rows: 30 }),
    onResize(callback) {
      resized = callback
      return { [Symbol.dispose]: () => undefined }
    },
  }
  const script = 'test -t 0 && echo "$TERM"; stty size; read -r line; stty size; echo "got $line"; exit 7'
  const ended = transport.terminal?.(script, request)
  const shown: string[] = []
  output.setEncoding('utf8').on('data', (chunk: string) => {
    shown.push(chunk)
    if (columns === 50 || !shown.join('').includes('30 100')) return
    columns = 50
    resized()
    input.write('something\r')
  })
  expect(await ended).toBe(7)
  expect(shown.join('')).toContain('30 100')
  expect(shown.join('')).toContain('30 50')
  expect(shown.join('')).toContain('got something')
  const gone = new AbortController()
  const aborted = transport.terminal?.('sleep 60', { ...request, input: new PassThrough(), signal: gone.signal })
  gone.abort()
  expect(await aborted).toBe(255)
  await transport.close()
})
