// A short command and 100 MB files over every transport, beside OpenSSH's own tools on the same machine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runHost } from '../src/core/subprocess.ts'
import type { Account } from '../src/instance/account.ts'
import { newSshIdentity } from '../src/instance/ssh-keys.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { alternate, line, median, time, verdict } from './measure.ts'

const MIB = 1024 * 1024
const SIZE = 100 * MIB
const image = process.argv[2] ?? 'debian-13'
const deadlineMs = 120_000
const identity = newSshIdentity('bench')

await using session = await openPlatformNamed('lxd', {}, { identity })
await using instance = await session.launch({ image })
await instance.waitUntilReady()
const folder = await mkdtemp(join(tmpdir(), 'harness-bench-'))
await using cleanup = new AsyncDisposableStack()
cleanup.defer(() => rm(folder, { recursive: true, force: true }))

const address = await instance.ipv4()
if (!address) throw new Error('the instance has no IPv4 address')
const user = (await instance.run("awk -F: '$3 == 1000 { print $1 }' /etc/passwd", { check: true })).stdout.trim()
await writeFile(join(folder, 'id'), identity.privateKey, { mode: 0o600 })
await writeFile(join(folder, 'known_hosts'), (await instance.hostKeys()).map((key) => `${address} ${key}\n`).join(''))
const options = [
  '-F',
  'none',
  '-i',
  join(folder, 'id'),
  '-o',
  'IdentitiesOnly=yes',
  '-o',
  `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
  '-o',
  'StrictHostKeyChecking=yes',
  '-o',
  'BatchMode=yes',
] as const
const control = ['-o', `ControlPath=${join(folder, 'control')}`] as const
const target = `${user}@${address}`
await runHost(['ssh', ...options, ...control, '-o', 'ControlMaster=yes', '-fN', target], { deadlineMs })
cleanup.defer(async () => void (await runHost(['ssh', ...options, ...control, '-O', 'exit', target], { deadlineMs })))

await using ssh = instance.ssh()
const loop =
  await instance.sh`start=$(date +%s%N); i=0; while [ $i -lt 200 ]; do sh -c true; i=$((i + 1)); done; echo $(( ($(date +%s%N) - start) / 200 ))`
const own = Number(loop) / 1e6
console.log(`the command itself, \`sh -c true\` in the guest      ${own.toFixed(2)} ms`)

const sh = (account: Account) => () => time(() => account.sh`true`)
const exec = await alternate(100, {
  'sh over LXD exec': sh(instance),
  'sh over ssh2': sh(ssh),
  'ssh with a ControlMaster': () =>
    time(() => runHost(['ssh', ...options, ...control, target, 'true'], { deadlineMs })),
})
for (const sample of Object.values(exec)) console.log(line(sample, 'ms'))
const ms = (name: string) => median(exec[name]?.values ?? [])
for (const name of ['sh over LXD exec', 'sh over ssh2']) {
  verdict(`${name}, over the command itself`, ms(name) - own, 6, ' ms')
  verdict(`${name} over a ControlMaster`, ms(name) / ms('ssh with a ControlMaster'), 1)
}

const file = join(folder, 'payload')
await runHost(['sh', '-c', `head -c ${SIZE} /dev/urandom > "$1"`, 'sh', file], { deadlineMs })
const remote = '/var/tmp/payload'
const scp = (from: string, to: string) => () => time(() => runHost(['scp', '-q', ...options, from, to], { deadlineMs }))
const push = (account: Account) => () => time(() => account.push(file, remote))
const pull = (account: Account) => () => time(() => account.pull(remote, `${file}.back`))

const pushes = await alternate(5, {
  'push 100 MiB over LXD': push(instance),
  'push 100 MiB over ssh2': push(ssh),
  'scp 100 MiB to the guest': scp(file, `${target}:${remote}-scp`),
})
await instance.root.run(`chown ${user} ${remote}`, { check: true })
const pulls = await alternate(5, {
  'pull 100 MiB over LXD': pull(instance),
  'pull 100 MiB over ssh2': pull(ssh),
  'scp 100 MiB from the guest': scp(`${target}:${remote}`, `${file}.scp`),
})
for (const sample of [...Object.values(pushes), ...Object.values(pulls)]) console.log(line(sample, 'ms'))
const of = (samples: typeof pushes, name: string) => median(samples[name]?.values ?? [])
for (const way of ['LXD', 'ssh2']) {
  verdict(
    `push over ${way}, over scp`,
    of(pushes, `push 100 MiB over ${way}`) / of(pushes, 'scp 100 MiB to the guest'),
    1,
  )
  verdict(
    `pull over ${way}, over scp`,
    of(pulls, `pull 100 MiB over ${way}`) / of(pulls, 'scp 100 MiB from the guest'),
    1,
  )
}
