// What a platform of a cloud costs before its first answer, and how many calls a machine takes, over simulators with machines in memory:
// the SDK's import, the first call, and the calls of one machine that is launched, reached, pictured, rebooted and destroyed, as in a cell.
import { fileURLToPath } from 'node:url'
import { runHost } from '../src/core/subprocess.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import type { Session } from '../src/platforms/session.ts'
import { MemoryBackend } from '../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../src/simulate/simulators.ts'
import { median, verdict } from './measure.ts'

/**
 * Calls of pycloudlib for the same life of a machine, when every waiter finds what it waits for at its first question. Counted by reading
 * https://github.com/canonical/pycloudlib/tree/main/pycloudlib, ec2, azure and gce:
 * ec2: launch 1; wait 2; an address for each of three logins 3; reboot 1; snapshot with a stop, an image, its name, its wait, its tag and a
 * start 10; delete the image 2; delete the machine 3.
 * azure, each change with one question for its end: network, subnet, address, rules, card and machine 12; snapshot with a stop and an image
 * of a machine that can never be started again 5; so in place of the reboot another machine 12; delete the image 2 and both machines 4.
 * gce: launch 2; wait 2; reboot 5; snapshot with its disks, a stop, an image and a start 8; delete the image 2; delete the machine 2.
 */
const PYCLOUDLIB: Readonly<Record<string, number>> = { ec2: 22, azure: 35, gce: 21 }

const [cloud = 'ec2'] = process.argv.slice(2)
const child = process.argv[3]
if (child === undefined) await parent()
else await firstCall(JSON.parse(child) as Record<string, unknown>)

async function parent(): Promise<void> {
  const sshPort = 20_000 + (process.pid % 10_000)
  await using backend = new MemoryBackend({ bootMs: 50, agentMs: 50, sshPort })
  const kind = await loadSimulator(cloud)
  await using simulator = await kind.start({ backend, images: { 'debian-13': 'debian-13' }, pendingMs: 200 })
  // As often as it is done on the real cloud would find the end of what takes a moment here at the first question.
  const poll = cloud === 'azure' ? { 'poll-ms': 250 } : {}
  const options = { ...simulator.options, ...poll, 'ssh-port': sshPort }
  const file = fileURLToPath(import.meta.url)
  const runs: { ms: number; cpuMs: number; rssMiB: number }[] = []
  for (let round = 0; round < 5; round++) {
    const text = await runHost([process.execPath, file, cloud, JSON.stringify(options)], { deadlineMs: 60_000 })
    runs.push(JSON.parse(text) as (typeof runs)[number])
  }
  const middle = (of: (run: (typeof runs)[number]) => number) => Math.round(median(runs.map(of)))
  console.log(`${cloud}, from the start of Node to the first answer, median of ${runs.length}:`)
  console.log(
    `  ${middle(({ ms }) => ms)} ms, ${middle(({ cpuMs }) => cpuMs)} ms of CPU, ${middle(({ rssMiB }) => rssMiB)} MiB`,
  )
  await using session = await openPlatformNamed(cloud, options)
  await life(session)
  const before = simulator.calls.length
  await life(session)
  const made = simulator.calls.slice(before)
  const counts = [...Map.groupBy(made, ({ operation }) => operation)].map(([name, those]) => `${name} ${those.length}`)
  console.log(`${before} calls for the account and a first machine, ${made.length} for the next: ${counts.join(', ')}`)
  const reference = PYCLOUDLIB[cloud]
  if (reference !== undefined) verdict('calls over those of pycloudlib', made.length / reference, 1)
}

/** Launch, login, picture, reboot, end. */
async function life(session: Session): Promise<void> {
  await using instance = await session.launch({ image: 'debian-13' })
  await instance.waitUntilReady()
  const snapshot = await instance.snapshot()
  await instance.reboot({ via: 'platform' })
  await snapshot.delete()
  await instance.destroy()
}

async function firstCall(options: Record<string, unknown>): Promise<void> {
  const session = await openPlatformNamed(cloud, options)
  await session.resolveImage('debian-13')
  const { user, system } = process.cpuUsage()
  const ms = performance.now()
  console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000, rssMiB: process.memoryUsage.rss() / 1024 ** 2 }))
  await session.close()
}
