import type { Channel } from './channel.ts'
import type { LxdClient } from './client.ts'
import type { OperationInfo } from './api.ts'

export interface ExecChannels {
  operation: string
  stdin: Channel
  stdout: Channel
  stderr: Channel
  control: Channel
}

interface ExecSpec {
  instance: string
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  deadlineMs: number
  signal?: AbortSignal | undefined
}

/** Starts a command on a machine and opens its four websockets. LXD starts it when all are connected. */
export async function openExec(client: LxdClient, spec: ExecSpec): Promise<ExecChannels> {
  const operation: OperationInfo = await client.begin(
    `/1.0/instances/${spec.instance}/exec`,
    {
      json: {
        command: spec.command,
        environment: spec.environment,
        'wait-for-websocket': true,
        interactive: false,
        user: 0,
        group: 0,
      },
    },
    { deadlineMs: spec.deadlineMs, signal: spec.signal },
  )
  const fds = operation.metadata?.fds as Record<string, string>
  const path = `/1.0/operations/${operation.id}`
  const opened = await Promise.allSettled(
    ['control', '0', '1', '2'].map((fd) =>
      client.channel(`${path}/websocket`, { secret: fds[fd] ?? '' }, spec.deadlineMs),
    ),
  )
  const failed = opened.find((one) => one.status === 'rejected')
  if (failed) {
    for (const one of opened) if (one.status === 'fulfilled') one.value.close()
    throw failed.reason
  }
  const [control, stdin, stdout, stderr] = opened.map((one) => (one as PromiseFulfilledResult<Channel>).value)
  return { operation: path, control, stdin, stdout, stderr } as ExecChannels
}

/** Closes all lines; LXD then kills the command it started with SIGKILL. */
export function closeExec(channels: ExecChannels): void {
  for (const channel of [channels.stdin, channels.stdout, channels.stderr, channels.control]) channel.close()
}
