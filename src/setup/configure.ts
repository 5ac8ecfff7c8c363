import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { HarnessError, PlatformError } from '../core/errors.ts'
import { probeHost } from '../core/subprocess.ts'
import type { NetworkInfo } from '../platforms/lxd/api.ts'
import type { LxdClient } from '../platforms/lxd/client.ts'
import { callNetwork } from '../platforms/lxd/network-call.ts'
import { ensureRules, isShielded, shieldedBy, shieldNetwork } from '../platforms/lxd/network-rules.ts'
import { findFreeSubnet } from './free-subnet.ts'
import type { LxdSettings } from './settings.ts'

const GIB = 1024 ** 3
const MIN_LOOP_GIB = 8
const MAX_LOOP_GIB = 40

interface Configuring {
  settings: LxdSettings
  onLine: (line: string) => void
  signal?: AbortSignal
}

/**
 * Gives the private daemon a pool, a bridge and a default profile. What is there already is left alone, so that a setup that was
 * killed half-way is simply continued.
 */
export async function configureDaemon(client: LxdClient, options: Configuring): Promise<void> {
  await client.call('PATCH', '/1.0', {
    json: {
      config: {
        'images.auto_update_interval': '0',
        'images.auto_update_cached': 'false',
        'core.shutdown_timeout': '1',
      },
    },
  })
  if (!(await exists(client, `/1.0/storage-pools/${options.settings.pool}`))) await createPool(client, options)
  if (!(await exists(client, `/1.0/networks/${options.settings.bridge}`, (network) => network.managed === true)))
    await createBridge(client, options)
  await shieldBridge(client, options)
  const { bridge, pool } = options.settings
  const devices = { root: { type: 'disk', path: '/', pool }, eth0: { type: 'nic', name: 'eth0', network: bridge } }
  await client.call('PATCH', '/1.0/profiles/default', { json: { devices } })
}

/** Size of the loop file in GiB for this much free space in bytes, or undefined when a loop file makes no sense. */
export function loopSize(free: number): number | undefined {
  const size = Math.min(MAX_LOOP_GIB, Math.floor((free * 0.6) / GIB))
  return size >= MIN_LOOP_GIB ? size : undefined
}

async function createPool(client: LxdClient, { settings, onLine, signal }: Configuring): Promise<void> {
  const name = settings.pool
  // a loop file without a pool is what a killed attempt left
  await rm(join(settings.dir, 'disks', `${name}.img`), { force: true })
  const { bavail, bsize } = await statfs(settings.dir)
  const size = loopSize(bavail * bsize)
  const attempts = [
    ...(size === undefined ? [] : [{ name, driver: 'btrfs', config: { size: `${size}GiB` } }]),
    { name, driver: 'dir', config: {} },
  ]
  for (const [index, attempt] of attempts.entries()) {
    try {
      await client.call('POST', '/1.0/storage-pools', { json: attempt }, { deadlineMs: 180_000, signal })
      onLine(
        `storage pool ${name}: ${attempt.driver}${size !== undefined && attempt.driver === 'btrfs' ? `, loop file of at most ${size} GiB` : ''}`,
      )
      return
    } catch (error) {
      if (!(error instanceof HarnessError) || signal?.aborted || index === attempts.length - 1) throw error
      onLine(`no ${attempt.driver} pool on this host (${error.message.slice(0, 160)}); copies will be slower`)
    }
  }
}

/** Rules that keep guests from the metadata service of the cloud that this host may be on. */
export const SHIELD = 'harness-shield'

/** A bridge that an older harness made has none. */
async function shieldBridge(client: LxdClient, { settings, onLine }: Configuring): Promise<void> {
  if (await hasShield(client, settings)) return
  await shieldNetwork(client, settings.bridge, SHIELD)
  onLine(`network ${settings.bridge}: guests cannot reach metadata services of clouds`)
}

/** Whether the bridge of the private daemon has its rules. */
export async function hasShield(client: LxdClient, { bridge }: Pick<LxdSettings, 'bridge'>): Promise<boolean> {
  return isShielded(await client.get<NetworkInfo>(`/1.0/networks/${bridge}`))
}

async function createBridge(client: LxdClient, { settings, onLine, signal }: Configuring): Promise<void> {
  const { bridge } = settings
  // the name is ours: a link by that name that no daemon knows is what a killed daemon left
  const link = await probeHost(['ip', 'link', 'show', 'dev', bridge], { deadlineMs: 20_000 })
  if (link.exitCode === 0) await probeHost(['ip', 'link', 'delete', 'dev', bridge], { deadlineMs: 20_000 })
  const address = settings.subnet ?? (await findFreeSubnet())
  await ensureRules(client, SHIELD)
  const config = { 'ipv4.address': address, 'ipv4.nat': 'true', 'ipv6.address': 'none', ...shieldedBy(SHIELD) }
  await callNetwork(client, {
    method: 'POST',
    path: '/1.0/networks',
    json: { name: bridge, type: 'bridge', config },
    signal,
  })
  onLine(`network ${bridge}: ${address}; guests cannot reach metadata services of clouds`)
}

async function exists(
  client: LxdClient,
  path: string,
  accept: (value: Record<string, unknown>) => boolean = () => true,
): Promise<boolean> {
  try {
    return accept(await client.get<Record<string, unknown>>(path))
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return false
    throw error
  }
}
