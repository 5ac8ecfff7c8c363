import { pause } from '../../core/wait-until.ts'
import type { LxdClient } from './client.ts'
import type { CommandShell } from './command-shell.ts'
import { KILL_TREE } from './exec-script.ts'
import { closeExec, openExec } from './exec-session.ts'
import { KeptBytes } from './marked-stream.ts'

/** A kill that takes longer than this is given up: the machine is frozen or gone. */
const KILL_MS = 5000
/** A command that was just sent says its pid within this time. */
const START_MS = 3000
const SIGKILL = 9

/**
 * Kills everything a shell runs, and the shell.
 * @returns how many processes survived, or undefined when that could not be found out
 */
export async function killTree(client: LxdClient, instance: string, shell: CommandShell): Promise<number | undefined> {
  try {
    const pid = await Promise.race([shell.started, pause(START_MS).then(() => undefined)])
    return pid === undefined || shell.closed ? undefined : await killByExec(client, instance, pid)
  } catch {
    return undefined
  } finally {
    shell.channels.control.sendText(JSON.stringify({ command: 'signal', signal: SIGKILL }))
    shell.close()
  }
}

async function killByExec(client: LxdClient, instance: string, pid: number): Promise<number | undefined> {
  const signal = AbortSignal.timeout(KILL_MS)
  const command = ['sh', '-c', KILL_TREE, 'sh', String(pid)]
  const channels = await openExec(client, { instance, command, environment: {}, deadlineMs: KILL_MS, signal })
  const output = new KeptBytes(4096)
  try {
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      channels.stdout.listen((chunk) => {
        output.write(chunk)
        if (chunk.includes('\n')) resolve()
      }, resolve)
    })
  } finally {
    closeExec(channels)
  }
  const text = output.bytes().toString('latin1').trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}
