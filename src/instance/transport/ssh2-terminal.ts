import type { Client, ClientChannel } from 'ssh2'
import { TransportError } from '../../core/errors.ts'
import type { TerminalRequest } from '../machine.ts'

/** A command on somebody's terminal. Resolves with its exit code when it ends. @throws TransportError when there is no channel */
export async function runOnTerminal(client: Client, command: string, request: TerminalRequest): Promise<number> {
  const { input, output, term, signal } = request
  const { columns: cols, rows } = request.size()
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(command, { pty: { term, cols, rows } }, (cause, opened) => {
      if (cause) reject(new TransportError('protocol', `there is no terminal: ${cause.message}`, { cause }))
      else resolve(opened)
    })
  })
  using _ = request.onResize(() => {
    const now = request.size()
    channel.setWindow(now.rows, now.columns, 0, 0)
  })
  let leave = () => {}
  const ended = new Promise<number>((resolve) => {
    // A channel that closes without a word was cut.
    let code = 255
    channel.on('exit', (exitCode: number | null) => (code = exitCode ?? code))
    channel.on('close', () => resolve(code))
    leave = () => {
      channel.close()
      // A server may answer only when the command has ended, and one that had just begun may not hear of it.
      resolve(255)
    }
  })
  signal?.addEventListener('abort', leave, { once: true })
  input.pipe(channel)
  channel.pipe(output, { end: false })
  channel.stderr.pipe(output, { end: false })
  if (signal?.aborted) leave()
  try {
    return await ended
  } finally {
    input.unpipe(channel)
    signal?.removeEventListener('abort', leave)
  }
}
