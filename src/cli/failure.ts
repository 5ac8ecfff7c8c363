import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, HarnessError, type Blame } from '../core/errors.ts'
import { stateDir } from '../core/paths.ts'
import { redact } from '../core/redact.ts'
import { EXIT } from '../results/status.ts'

const EXIT_OF_BLAME: Record<Blame, number> = {
  user: EXIT.config,
  host: EXIT.miss,
  provider: EXIT.miss,
  unknown: EXIT.miss,
  image: EXIT.fail,
  leak: EXIT.leak,
  harness: EXIT.bug,
}

/** Tells on stderr what went wrong in one line and a hint, and returns the exit code. Stacks go to a file. */
export async function reportFailure(error: unknown): Promise<number> {
  if (error instanceof CancelledError) {
    say('interrupted')
    return EXIT.interrupted
  }
  if (error instanceof HarnessError) {
    say(error.message, error.hint)
    return EXIT_OF_BLAME[error.blame]
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_MODULE_NOT_FOUND' && /Cannot find package/.test(String(error))) {
    say(firstLine(error), 'the dependencies are incomplete: run `npm ci`')
    return EXIT.miss
  }
  if (code === 'ENOSPC') {
    say(`the disk is full: ${firstLine(error)}`)
    return EXIT.miss
  }
  say(`this is a bug in the harness: ${firstLine(error)}`, `please report it with ${await keepStack(error)}`)
  return EXIT.bug
}

function say(message: string, hint?: string): void {
  process.stderr.write(`harness: ${message}${hint === undefined ? '' : `\n  ${hint}`}\n`)
}

function firstLine(error: unknown): string {
  return redact((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '')
}

async function keepStack(error: unknown): Promise<string> {
  const stack = redact(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const file = join(stateDir(), `bug-${new Date().toISOString().replace(/[:.]/g, '-')}.txt`)
  const text = `harness ${process.argv.slice(2).join(' ')}\nnode ${process.version} ${process.platform} ${process.arch}\n\n${stack}\n`
  try {
    await mkdir(stateDir(), { recursive: true })
    await writeFile(file, redact(text))
    return file
  } catch {
    // No place for a file: the stack on the terminal is better than none.
    return `this:\n${stack}`
  }
}
