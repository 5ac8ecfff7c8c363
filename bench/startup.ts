// What the command line costs to start, beside a bare Node in the same run.
import { fileURLToPath } from 'node:url'
import { runHost } from '../src/core/subprocess.ts'
import { alternate, line, median, time, verdict } from './measure.ts'

const harness = fileURLToPath(new URL('../harness', import.meta.url))
const options = { deadlineMs: 60_000 }

const samples = await alternate(21, {
  'node -e 0': () => time(() => runHost([process.execPath, '-e', '0'], options)),
  'harness --help': () => time(() => runHost([harness, '--help'], options)),
  'harness list': () => time(() => runHost([harness, 'list'], options)),
})
for (const sample of Object.values(samples)) console.log(line(sample, 'ms'))
const of = (name: string) => median(samples[name]?.values ?? [])
verdict('harness --help over node -e 0', of('harness --help') / of('node -e 0'), 3)
