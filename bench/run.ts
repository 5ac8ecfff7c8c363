// Runs the benchmarks named, or all of them, one after another: `npm run bench`, `npm run bench exec cell`.
// Those of machines need a ready LXD (`./harness setup`) and use the lxc client as the reference.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { socketCandidates } from '../src/platforms/lxd/endpoint.ts'

const ALL = [
  'startup',
  'exec',
  'lifecycle',
  'cell',
  'parallel',
  'plan',
  'schedule',
  'reports',
  'datasources',
  'qemu',
  'site',
  'known-issues',
  'archive',
]
/** Takes six minutes, so it is only run when it is named: 5,000 cells, 500 at a time. */
const LARGE = 'schedule-large'
/** Take minutes too: launches against a simulated cloud that fails, and a simulated cloud that answers wrongly. */
const NAMED = ['storm', 'ec2-mutants', 'simulator-mutants', 'cloud-calls']
const flags: Readonly<Record<string, readonly string[]>> = {
  // As the launcher starts the harness.
  schedule: ['--max-semi-space-size=4', '--optimize-for-size'],
  // Cells by the hundred keep so much alive that a small nursery is emptied into the old space again and again.
  [LARGE]: ['--max-semi-space-size=64'],
}

/** The lxc client looks into one folder only; the daemon that is measured may be elsewhere. */
const socket = socketCandidates().find((path) => existsSync(path))
const env = { ...(socket === undefined ? {} : { LXD_DIR: dirname(socket) }), ...process.env }

const names = process.argv.length > 2 ? process.argv.slice(2) : ALL
for (const name of names) {
  if (!ALL.includes(name) && !NAMED.includes(name) && name !== LARGE) {
    console.error(`there is no benchmark "${name}"; choose from ${[...ALL, ...NAMED, LARGE].join(', ')}`)
    process.exit(2)
  }
  console.log(`\n== ${name}`)
  const bench = name === LARGE ? 'schedule' : name
  const file = fileURLToPath(new URL(`./${bench}.ts`, import.meta.url))
  const { status } = spawnSync(
    process.execPath,
    [...(flags[name] ?? []), file, ...(name === LARGE ? ['5000', '500'] : [])],
    { stdio: 'inherit', env },
  )
  if (status !== 0) process.exitCode = 1
}
