import { PrerequisiteError } from '../../core/errors.ts'
import type { Devices, NetworkInfo, PoolInfo, ProfileInfo } from './api.ts'
import type { LxdClient } from './client.ts'

/**
 * The root disk and network card that the profiles do not give: many daemons were never asked to fill their default profile.
 * @throws PrerequisiteError when the server has no storage pool
 */
export async function rootAndNic(
  client: LxdClient,
  profiles: readonly string[],
  pool: string | undefined,
): Promise<Devices> {
  const infos = await Promise.all(profiles.map((name) => client.get<ProfileInfo>(`/1.0/profiles/${name}`)))
  const given = Object.assign({}, ...infos.map((info) => info.devices)) as Devices
  const devices: Devices = {}
  const rootEntry = Object.entries(given).find(([, device]) => device.type === 'disk' && device.path === '/')
  if (pool !== undefined || !rootEntry) {
    devices[rootEntry?.[0] ?? 'root'] = {
      ...rootEntry?.[1],
      type: 'disk',
      path: '/',
      pool: pool ?? (await firstPool(client)),
    }
  }
  if (!Object.values(given).some((device) => device.type === 'nic')) {
    const network = await firstBridge(client)
    if (network !== undefined) devices.eth0 = { type: 'nic', network, name: 'eth0' }
  }
  return devices
}

/** Devices that hide the network cards of the profiles, for an instance that brings its own. */
export async function withoutNics(client: LxdClient, profiles: readonly string[]): Promise<Devices> {
  const infos = await Promise.all(profiles.map((name) => client.get<ProfileInfo>(`/1.0/profiles/${name}`)))
  const nics = infos.flatMap((info) => Object.entries(info.devices).filter(([, device]) => device.type === 'nic'))
  return Object.fromEntries(nics.map(([name]) => [name, { type: 'none' }]))
}

/** A managed bridge that gives out IPv4 addresses. */
async function firstBridge(client: LxdClient): Promise<string | undefined> {
  const networks = await client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } })
  return networks.find(isUsableBridge)?.name
}

export function isUsableBridge(network: NetworkInfo): boolean {
  const address = network.config['ipv4.address']
  return network.managed && network.type === 'bridge' && Boolean(address) && address !== 'none'
}

async function firstPool(client: LxdClient): Promise<string> {
  const pools = await client.get<PoolInfo[]>('/1.0/storage-pools', { query: { recursion: '1' } })
  const pool = pools[0]
  if (!pool) throw new PrerequisiteError('LXD has no storage pool', { hint: './harness setup' })
  return pool.name
}
