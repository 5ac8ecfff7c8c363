import { UnsupportedError } from '../core/errors.ts'
import type { Machine } from '../instance/machine.ts'

/** Gives the person at this terminal a prompt on a machine. @throws UnsupportedError where there is no such line */
export async function openPrompt(machine: Machine, signal: AbortSignal): Promise<number> {
  if (!machine.terminal) {
    const address = (await machine.addresses()).find(({ scope }) => scope === 'global')?.address
    throw new UnsupportedError(`the platform ${machine.platform} has no terminal of its own`, {
      hint: address ? `ssh ${address}` : 'give a command instead: harness shell IMAGE -- COMMAND',
    })
  }
  const { stdin, stdout } = process
  stdin.setRawMode(true)
  stdin.resume()
  try {
    return await machine.terminal({
      input: stdin,
      output: stdout,
      term: process.env.TERM ?? 'xterm',
      size: () => ({ columns: stdout.columns, rows: stdout.rows }),
      onResize(callback) {
        stdout.on('resize', callback)
        return { [Symbol.dispose]: () => void stdout.off('resize', callback) }
      },
      signal,
    })
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
  }
}
