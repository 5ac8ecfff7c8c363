import type { ConfigError } from '../core/errors.ts'
import type { Command } from './command.ts'
import type { COMMANDS } from './commands.ts'
import { reportFailure } from './failure.ts'
import { commandHelp } from './help.ts'
import { onInterrupt } from './interrupt.ts'
import { print, tolerateClosedPipes } from './output.ts'
import { parseCommandLine, unknownWord } from './parse.ts'

/** Runs one command line and resolves with the exit code. Never rejects. */
export async function main(name: string, argv: readonly string[], commands: typeof COMMANDS): Promise<number> {
  tolerateClosedPipes()
  try {
    if (name === '--version' || name === '-V') return await printVersion()
    if (name === 'help') return await main(argv[0] ?? '--help', ['--help'], commands)
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!entry) throw unknownName(name, Object.keys(commands))
    const command = (await entry.load()).default as Command
    const { options, args, help } = parseCommandLine(command, argv)
    if (help) {
      await print(commandHelp(command))
      return 0
    }
    using interrupt = onInterrupt(!command.ownHangup)
    return await command.run({ options, args, argv, signal: interrupt.signal })
  } catch (error) {
    return reportFailure(error)
  }
}

function unknownName(name: string, known: readonly string[]): ConfigError {
  return name.startsWith('-')
    ? unknownWord(`option ${name}`, name, ['--help', '--version'], 'harness --help')
    : unknownWord(`command ${name}`, name, known, 'harness --help')
}

async function printVersion(): Promise<number> {
  const { packageInfo } = await import('./package-info.ts')
  await print(packageInfo().version)
  return 0
}
