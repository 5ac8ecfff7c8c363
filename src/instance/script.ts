import { readFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import type { Account, RunOptions } from './account.ts'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-error.ts'
import { quote, quoteAll } from './shell.ts'

/** Text of a script, or the local file that holds it. */
export type ScriptSource = string | { path: string }

export interface ScriptOptions extends RunOptions {
  args?: readonly (string | number)[]
  /** Default: the script's `#!` line, else `/bin/sh`. */
  interpreter?: string
}

/** Puts the script into a private folder of the machine, runs it and removes it, whatever its end. */
export async function runScript(
  account: Account,
  source: ScriptSource,
  options: ScriptOptions,
): Promise<CommandResult> {
  const { args = [], interpreter, check, ...rest } = options
  const text = typeof source === 'string' ? source : await readFile(source.path)
  const name = typeof source === 'string' ? 'script' : source.path
  const folder = `/tmp/harness-${randomBytes(8).toString('hex')}`
  const file = `${folder}/script`
  // Readable by all, because `user` may be another than the one who writes.
  await account.run(`umask 022; mkdir ${folder}`, { check: true, ...within(options) })
  try {
    await account.writeFile(file, text, { mode: 0o755, ...within(options) })
    const result = await account.run(`${interpreterOf(text, interpreter)} ${file} ${quoteAll(args)}`, rest)
    const named = { ...result, command: [name, ...args].join(' ') }
    if (check && !result.ok) throw new CommandError(named)
    return named
  } finally {
    await account.run(`rm -rf ${folder}`, { deadline: '20 seconds' }).catch(() => undefined)
  }
}

/** The interpreter is called by name, because /tmp may be mounted noexec. */
function interpreterOf(script: string | Uint8Array, wanted: string | undefined): string {
  if (wanted !== undefined) return quote(wanted)
  const head = Buffer.from(script.slice(0, 256)).toString('latin1')
  const shebang = /^#! ?(\/[^\s]+)(?: ([^\n]+))?/.exec(head)
  if (!shebang?.[1]) return '/bin/sh'
  const argument = shebang[2]?.trim()
  return argument ? `${quote(shebang[1])} ${quoteAll(argument.split(/\s+/))}` : quote(shebang[1])
}

function within(options: RunOptions): Pick<RunOptions, 'deadline' | 'signal'> {
  return {
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}
