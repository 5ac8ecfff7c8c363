// 12 LXD cells, 4 at a time, beside the same cells one after another.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { probeHost } from '../src/core/subprocess.ts'
import { time, verdict } from './measure.ts'

const image = process.argv[2] ?? 'debian-13'
const harness = fileURLToPath(new URL('../harness', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))
await using cleanup = new AsyncDisposableStack()
cleanup.defer(() => rm(folder, { recursive: true, force: true }))

const types = Array.from({ length: 12 }, (_, index) => `c1m${512 + index}`)
await writeFile(
  join(folder, 'matrix.yaml'),
  JSON.stringify({ axes: { platform: ['lxd'], image: [image], 'instance-type': types }, agent: { source: 'none' } }),
)

const run = (atATime: number) =>
  time(async () => {
    const command = [
      harness,
      'run',
      '--matrix',
      join(folder, 'matrix.yaml'),
      '--suite',
      'none',
      '-j',
      String(atATime),
      '--reports-dir',
      folder,
    ] as const
    const result = await probeHost(command, { deadlineMs: 1_800_000 })
    if (result.exitCode !== 0)
      throw new Error(`exit code ${result.exitCode}:\n${result.stdout.slice(-3000)}${result.stderr.slice(-2000)}`)
  })
const together = await run(4)
const alone = await run(1)
console.log(
  `12 cells, 4 at a time: ${(together / 1000).toFixed(1)} s; one after another: ${(alone / 1000).toFixed(1)} s`,
)
verdict('time of 4 at a time over one after another', together / alone, 1 / 1.6)
