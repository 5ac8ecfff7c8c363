import { TransportError } from '../../core/errors.ts'
import type { TerminalRequest } from '../../instance/machine.ts'
import type { OperationInfo } from './api.ts'
import type { Channel } from './channel.ts'
import type { LxdClient } from './client.ts'

const OPEN_MS = 15_000
const END_MS = 15_000
const SHELL = 'cd; if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi'

/** Root's login shell of a machine on somebody's terminal. Resolves with its exit code when the person leaves. */
export async function openTerminal(client: LxdClient, instance: string, request: TerminalRequest): Promise<number> {
  const { columns, rows } = request.size()
  const environment = { TERM: request.term, HOME: '/root', USER: 'root', LANG: 'C.UTF-8' }
  const body = {
    json: {
      command: ['/bin/sh', '-c', SHELL],
      environment,
      'wait-for-websocket': true,
      interactive: true,
      width: columns,
      height: rows,
    },
  }
  const operation = await client.begin(`/1.0/instances/${instance}/exec`, body, {
    deadlineMs: OPEN_MS,
    signal: request.signal,
  })
  const fds = operation.metadata?.fds as Record<string, string>
  const path = `/1.0/operations/${operation.id}`
  const open = (fd: string) => client.channel(`${path}/websocket`, { secret: fds[fd] ?? '' }, OPEN_MS)
  const [control, line] = await Promise.all([open('control'), open('0')])
  try {
    await connect(line, control, request)
  } finally {
    line.close()
    // LXD may keep the operation open for as long as somebody can still resize the terminal.
    control.close()
  }
  const ended = await client.waitFor(path, `the end of a shell on ${instance}`, { deadlineMs: END_MS })
  return exitCodeOf(ended)
}

/** Carries bytes both ways until the other side closes. */
async function connect(line: Channel, control: Channel, request: TerminalRequest): Promise<void> {
  const { input, output } = request
  const send = (chunk: Buffer) => line.post(chunk)
  using _ = request.onResize(() => {
    const { columns, rows } = request.size()
    control.sendText(
      JSON.stringify({ command: 'window-resize', args: { width: String(columns), height: String(rows) } }),
    )
  })
  const abort = () => line.close()
  request.signal?.addEventListener('abort', abort, { once: true })
  input.on('data', send)
  try {
    await new Promise<void>((resolve) => {
      control.listen(
        () => undefined,
        () => undefined,
      )
      line.listen((chunk) => void output.write(chunk), resolve)
    })
  } finally {
    input.off('data', send)
    request.signal?.removeEventListener('abort', abort)
  }
}

function exitCodeOf(operation: OperationInfo): number {
  const code = operation.metadata?.return
  if (typeof code !== 'number') throw new TransportError('lost', 'the shell ended without an exit code')
  return code
}
