#!/usr/bin/env node
import { COMMANDS } from './commands.ts'
import { mainHelp } from './help.ts'

const LINGER_MS = 5000

// Only what the first page of help needs is imported above: everything else comes when it is used.
const [name, ...argv] = process.argv.slice(2)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(`harness: needs Node >= 24.15, and this is ${process.version} (https://nodejs.org)\n`)
  process.exitCode = 3
} else if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && argv.length === 0)) {
  process.stdout.on('error', () => process.exit(0))
  process.stdout.write(mainHelp())
} else {
  const { main } = await import('./dispatch.ts')
  process.exitCode = await main(name, argv, COMMANDS)
  // What nobody waits for any more, for example a connection to a cloud that does not answer, must not keep the user.
  setTimeout(() => process.stdout.writableLength === 0 && process.exit(), LINGER_MS).unref()
}
