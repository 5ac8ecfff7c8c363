// Runs the benchmarks named, or all of them, one after another: `npm run bench`, `npm run bench exec cell`.
// Those of machines need a ready LXD (`./harness setup`) and use the lxc client as the reference.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

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
  // Cells by the hundred keep so much alive that a small nursery is emptied into the old space again and again.
  schedule: ['--max-semi-space-size=64'],
}

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
    [...(flags[bench] ?? []), file, ...(name === LARGE ? ['5000', '500'] : [])],
    { stdio: 'inherit' },
  )
  if (status !== 0) process.exitCode = 1
}
