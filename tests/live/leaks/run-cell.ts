import { readFileSync } from 'node:fs'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { runMatrix } from '../../../src/runner/run.ts'

// The process that is killed: it runs a small matrix on LXD. Arguments: matrix file, reports folder.
const [file = '', reportsDir = ''] = process.argv.slice(2)
const { cells } = expandMatrix(parseMatrix(readFileSync(file, 'utf8'), file))
const cancel = new AbortController()
process.on('SIGINT', () => cancel.abort())
const { exitCode } = await runMatrix({
  cells,
  reportsDir,
  concurrency: 2,
  builtInChecks: [],
  signal: cancel.signal,
  onEvent: (event) => {
    if ('step' in event) process.stdout.write(`${event.type} ${event.step}\n`)
  },
})
process.exitCode = exitCode
