import { HarnessError } from '../../core/errors.ts'
import type { Prerequisite } from '../platform.ts'
import type { NetworkInfo, PoolInfo, ServerInfo } from './api.ts'
import { LxdClient } from './client.ts'
import { describeEndpoint, findEndpoint } from './endpoint.ts'
import { isUsableBridge } from './host-defaults.ts'
import { isShielded, MADE_FOR, shieldedBy } from './network-rules.ts'
import type { LxdOptions } from './options.ts'

const FIX = './harness setup'

/** What the platform needs on this host, each with what was found. Stops at the first thing the rest depends on. */
export async function examine(options: LxdOptions): Promise<Prerequisite[]> {
  const found: Prerequisite[] = []
  let client: LxdClient | undefined
  try {
    const endpoint = await findEndpoint(options)
    found.push({ name: 'daemon', ok: true, detail: describeEndpoint(endpoint) })
    client = new LxdClient(endpoint, options.project)
    const server = await client.get<ServerInfo>('/1.0', { deadlineMs: 10_000 })
    found.push(access(server))
    if (server.auth !== 'trusted') return found
    found.push(version(server), await storage(client), ...(await bridge(client)))
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    found.push({
      name: found.length === 0 ? 'daemon' : 'access',
      ok: false,
      detail: error.message,
      fix: error.hint ?? FIX,
    })
  } finally {
    client?.close()
  }
  return found
}

function access(server: ServerInfo): Prerequisite {
  if (server.auth === 'trusted') return { name: 'access', ok: true, detail: 'this client is trusted' }
  return {
    name: 'access',
    ok: false,
    detail: 'the server does not trust this client',
    fix: 'lxc config trust add CERTIFICATE',
  }
}

function version(server: ServerInfo): Prerequisite {
  const { environment } = server
  const detail = `${environment?.server ?? 'lxd'} ${environment?.server_version ?? 'of unknown version'}`
  const ok =
    server.api_extensions.includes('instances') && server.api_extensions.includes('container_exec_user_group_cwd')
  return { name: 'version', ok, detail, ...(ok ? {} : { fix: 'install LXD 4.0 or newer, or Incus' }) }
}

async function storage(client: LxdClient): Promise<Prerequisite> {
  const pools = await client.get<PoolInfo[]>('/1.0/storage-pools', { query: { recursion: '1' } })
  if (pools.length === 0) return { name: 'storage pool', ok: false, detail: 'there is none', fix: FIX }
  const slow = pools.every((pool) => pool.driver === 'dir')
  const detail = pools.map((pool) => `${pool.name} (${pool.driver})`).join(', ')
  return {
    name: 'storage pool',
    ok: true,
    detail: slow ? `${detail}; btrfs or zfs would make snapshots and copies fast` : detail,
  }
}

async function bridge(client: LxdClient): Promise<Prerequisite[]> {
  const networks = await client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } })
  const usable = networks.find((network) => isUsableBridge(network) && !network.config[MADE_FOR])
  if (!usable) return [{ name: 'bridge', ok: false, detail: 'no managed bridge with IPv4', fix: FIX }]
  return [{ name: 'bridge', ok: true, detail: `${usable.name} ${usable.config['ipv4.address'] ?? ''}` }, shield(usable)]
}

/** A network of somebody else is never changed, so it is only told. */
function shield(network: NetworkInfo): Prerequisite {
  if (isShielded(network)) return { name: 'shield', ok: true, detail: `${network.name} has rules of its own` }
  const set = Object.entries(shieldedBy('harness-shield')).map(([key, value]) => `${key}=${value}`)
  return {
    name: 'shield',
    ok: false,
    optional: true,
    detail: `a guest on ${network.name} can reach the metadata service of a cloud that this host is on`,
    fix: `lxc network acl create harness-shield && lxc network acl rule add harness-shield egress action=reject destination=169.254.0.0/16,168.63.129.16 && lxc network set ${network.name} ${set.join(' ')}`,
  }
}
