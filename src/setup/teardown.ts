import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { CleanupError, HarnessError, PrerequisiteError } from '../core/errors.ts'
import { probeHost } from '../core/subprocess.ts'
import { waitUntil } from '../core/wait-until.ts'
import type { LxdClient } from '../platforms/lxd/client.ts'
import { SHIELD } from './configure.ts'
import { askDaemon, openClient, startDaemon, stopDaemon } from './daemon.ts'
import { isRoot } from './host.ts'
import { stopLxcfs } from './lxcfs.ts'
import { findDaemon } from './packages.ts'
import type { RunContext } from './plan-setup.ts'
import type { LxdSettings } from './settings.ts'
import { lxdSettings } from './settings.ts'

interface Named {
  name: string
}

/**
 * Takes away the private LXD: its containers, network, pool, processes, mounts, firewall rules and directory. Installed packages stay.
 * Works on a half-made or dead one as well, and does nothing where there is none.
 * @throws PrerequisiteError without root; CleanupError naming what is still there.
 */
export async function teardownSetup(context: RunContext & { env?: NodeJS.ProcessEnv }): Promise<void> {
  const settings = lxdSettings(context.env)
  if (!existsSync(settings.dir) && remains(settings).length === 0) return
  if (!isRoot())
    throw new PrerequisiteError(`removing ${settings.dir} needs root`, { hint: 'sudo ./harness setup --remove' })
  await emptyDaemon(settings, context)
  context.onLine('stopping the private LXD')
  await stopDaemon(settings, context.signal)
  await endProcesses(settings)
  await unmountAll(settings)
  await probeHost(['ip', 'link', 'delete', 'dev', settings.bridge], { deadlineMs: 20_000 })
  await removeFirewallRules(settings)
  await stopLxcfs(context.onLine)
  await rm(settings.dir, { recursive: true, force: true })
  for (const file of [settings.logFile, settings.pidFile]) await rm(file, { force: true })
  const left = remains(settings)
  if (left.length > 0) throw new CleanupError(`the private LXD left ${left.join(', ')}`)
}

/** What of a private LXD is on this host: its processes, mounts and its network device. */
export function remains(settings: LxdSettings): string[] {
  return [
    ...processesOf(settings).map((pid) => `process ${pid}`),
    ...mountsOf(settings, readFileSync('/proc/self/mountinfo', 'utf8')).map((path) => `mount ${path}`),
    ...(existsSync(`/sys/class/net/${settings.bridge}`) ? [`network device ${settings.bridge}`] : []),
  ]
}

/** Mount points below the directory, deepest first. */
export function mountsOf(settings: Pick<LxdSettings, 'dir'>, mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((path) => path === settings.dir || path.startsWith(`${settings.dir}/`))
    .sort((a, b) => b.length - a.length)
}

/** While it answers, LXD itself removes best what it made. A dead one is started once more for that. */
async function emptyDaemon(settings: LxdSettings, { onLine, signal }: RunContext): Promise<void> {
  const daemon = findDaemon()
  try {
    if (!(await askDaemon(settings.socket))) {
      if (!daemon || !existsSync(`${settings.dir}/database`)) return
      onLine('starting the private LXD once more, to let it clean up')
      await startDaemon(daemon, settings, signal)
    }
    const client = openClient(settings.socket)
    try {
      await empty(client, settings, onLine)
    } finally {
      client.close()
    }
  } catch (error) {
    if (signal?.aborted || !(error instanceof HarnessError)) throw error
    onLine(`LXD could not clean up itself (${error.message.slice(0, 160)}); doing it without`)
  }
}

async function empty(client: LxdClient, settings: LxdSettings, onLine: (line: string) => void): Promise<void> {
  const projects = await client.get<Named[]>('/1.0/projects', { query: { recursion: '1' } })
  for (const { name } of projects) {
    const inside = client.inProject(name)
    const instances = await inside.get<Named[]>('/1.0/instances', { query: { recursion: '1' } })
    if (instances.length > 0) onLine(`removing ${instances.length} containers`)
    for (const instance of instances) {
      await inside
        .operate('PUT', `/1.0/instances/${instance.name}/state`, { json: { action: 'stop', force: true, timeout: 30 } })
        .catch(() => undefined)
      await inside.operate('DELETE', `/1.0/instances/${instance.name}`).catch(() => undefined)
    }
    for (const { fingerprint } of await inside.get<{ fingerprint: string }[]>('/1.0/images', {
      query: { recursion: '1' },
    })) {
      await inside.operate('DELETE', `/1.0/images/${fingerprint}`).catch(() => undefined)
    }
  }
  await client.call('PUT', '/1.0/profiles/default', { json: { config: {}, devices: {}, description: '' } })
  await client.call('DELETE', `/1.0/networks/${settings.bridge}`).catch(() => undefined)
  await client.call('DELETE', `/1.0/network-acls/${SHIELD}`).catch(() => undefined)
  await client.call('DELETE', `/1.0/storage-pools/${settings.pool}`).catch(() => undefined)
}

/** Processes that name the directory in their command line or environment: dnsmasq, container monitors, forked helpers. */
function processesOf(settings: LxdSettings): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && isOurs(pid, settings.dir))
}

function isOurs(pid: number, dir: string): boolean {
  try {
    const executable = readlinkSync(`/proc/${pid}/exe`)
    if (!/\/(?:lxd|lxc|incusd?|dnsmasq|forkdns)[^/]*$/.test(executable.replace(/ \(deleted\)$/, ''))) return false
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return command.includes(`${dir}/`) || environ.includes(`LXD_DIR=${dir}`) || environ.includes(`INCUS_DIR=${dir}`)
  } catch {
    return false
  }
}

async function endProcesses(settings: LxdSettings): Promise<void> {
  await waitUntil({ what: `the processes of ${settings.dir} to end`, deadlineMs: 20_000 }, () => {
    const left = processesOf(settings)
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // it ended by itself
      }
    }
    return Promise.resolve(
      left.length === 0 ? { done: true, value: undefined } : { done: false, saw: `${left.length} left` },
    )
  }).catch(() => {})
}

async function unmountAll(settings: LxdSettings): Promise<void> {
  for (const path of mountsOf(settings, await readFile('/proc/self/mountinfo', 'utf8'))) {
    const plain = await probeHost(['umount', path], { deadlineMs: 30_000 })
    if (plain.exitCode !== 0) await probeHost(['umount', '--lazy', path], { deadlineMs: 30_000 })
  }
}

interface NftChain {
  chain?: { family: string; table: string; name: string }
}

/** Chains LXD made for the bridge, in the table it shares with other daemons. */
async function removeFirewallRules({ bridge }: LxdSettings): Promise<void> {
  const ruleset = await probeHost(['nft', '--json', 'list', 'chains'], { deadlineMs: 20_000 }).catch(() => undefined)
  if (ruleset?.exitCode !== 0) return
  const { nftables } = JSON.parse(ruleset.stdout) as { nftables: NftChain[] }
  const chains = nftables.flatMap(({ chain }) =>
    chain && /^(?:lxd|incus)$/.test(chain.table) && chain.name.endsWith(`.${bridge}`) ? [chain] : [],
  )
  // A chain that another one jumps to can only be deleted when that one is empty.
  for (const verb of ['flush', 'delete'])
    for (const { family, table, name } of chains)
      await probeHost(['nft', verb, 'chain', family, table, name], { deadlineMs: 20_000 })
}
