#!/usr/bin/env node
import { COMMANDS } from './commands.ts'
import { mainHelp } from './help.ts'

// Only what the first page of help needs is imported above: everything else comes when it is used.
const [name, ...argv] = process.argv.slice(2)
const wantsHelp = name === undefined || name === '--help' || name === '-h' || (name === 'help' && argv.length === 0)

if (wantsHelp) {
  process.stdout.on('error', () => process.exit(0))
  process.stdout.write(mainHelp())
} else {
  const { main } = await import('./dispatch.ts')
  process.exitCode = await main(name, argv, COMMANDS)
}
