// One LXD cell, beside a shell script that does the same steps with the lxc client; and what the policy suite adds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { probeHost, runHost } from '../src/core/subprocess.ts'
import { findAgent } from '../src/instance/agent/agents.ts'
import { collectScript } from '../src/instance/agent/collect-script.ts'
import { SYSTEM_LOGS } from '../src/instance/agent/system-logs.ts'
import { factsScript } from '../src/instance/facts/collect.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { alternate, line, median, time, verdict } from './measure.ts'

const image = process.argv[2] ?? 'debian-13'
const rounds = Number(process.argv[3] ?? 5)
const at = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const options = { deadlineMs: 600_000 }

const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))
await using cleanup = new AsyncDisposableStack()
cleanup.defer(() => rm(folder, { recursive: true, force: true }))
await using session = await openPlatformNamed('lxd', {})
const { id: fingerprint } = await session.resolveImage(image)
await writeFile(join(folder, 'facts.sh'), await factsScript())
const entries = [...findAgent('cloud-init').collect, ...SYSTEM_LOGS].map((entry, index) => ({
  index,
  entry,
  maxBytes: 4 * 1024 * 1024,
}))
await writeFile(join(folder, 'collect.sh'), collectScript(entries, '--mark'))

const harness =
  (...suites: string[]) =>
  async () => {
    const took = await time(async () => {
      const flags = [
        '--image',
        `remote:${fingerprint}`,
        '--agent-source',
        'none',
        '--reports-dir',
        join(folder, 'reports'),
        ...suites.flatMap((suite) => ['--suite', suite]),
      ]
      const result = await probeHost([at('../harness'), 'run', ...flags], options)
      if (result.exitCode > 1)
        throw new Error(
          `harness run exited with ${result.exitCode}:\n${result.stdout.slice(-2000)}${result.stderr.slice(-2000)}`,
        )
    })
    return took
  }
const samples = await alternate(rounds, {
  'shell script with lxc': () =>
    time(() =>
      runHost(
        [at('./cell-by-hand.sh'), fingerprint, join(folder, 'facts.sh'), join(folder, 'collect.sh'), folder],
        options,
      ),
    ),
  'harness run --suite none': harness('none'),
  'harness run --suite policy': harness('policy'),
})
for (const sample of Object.values(samples)) console.log(line(sample, 's'))
const of = (name: string) => median(samples[name]?.values ?? [])
verdict('a cell without suites, over the script', of('harness run --suite none') / of('shell script with lxc'), 1.1)
verdict(
  'what the policy suite adds',
  (of('harness run --suite policy') - of('harness run --suite none')) / 1000,
  3,
  ' s',
)
