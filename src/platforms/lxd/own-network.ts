import { createHash } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Devices, NetworkInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { isUsableBridge } from './host-defaults.ts'
import { callNetwork } from './network-call.ts'
import { MADE_FOR, shieldedBy, tryMakeRules } from './network-rules.ts'

/**
 * A bridge on which the instance has no card yet: LXD refuses two cards of one instance on one managed bridge,
 * because both would have its DNS name. Made, when there is none.
 */
export async function networkForNic(
  client: LxdClient,
  instance: string,
  devices: Devices,
  spec: { nic: string; tags: Record<string, string> },
): Promise<string> {
  const networks = await client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } })
  const used = new Set(Object.values(devices).map((device) => device.network ?? device.parent))
  const free = networks.find(
    (network) => isUsableBridge(network) && !used.has(network.name) && !network.config[MADE_FOR],
  )
  if (free) return free.name
  const seed = createHash('sha256').update(`${instance}/${spec.nic}`).digest()
  const name = `hn${seed.toString('hex').slice(0, 10)}`
  const marks = { ...spec.tags, [MADE_FOR]: instance }
  const shielded = await tryMakeRules(client, name, marks)
  const config = {
    'ipv4.address': freeSubnet(seed, networks),
    'ipv4.nat': 'true',
    'ipv6.address': 'none',
    ...(shielded ? shieldedBy(name) : {}),
    ...marks,
  }
  await callNetwork(client, { method: 'POST', path: '/1.0/networks', json: { name, type: 'bridge', config } })
  return name
}

/** A private /24 that no network of the server and no interface of this host has. LXD's own search fails on some hosts. */
export function freeSubnet(seed: Buffer, networks: readonly NetworkInfo[]): string {
  const here = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
  const taken = [...here, ...networks.map((network) => network.config['ipv4.address'] ?? '')]
  for (let offset = 0; offset < 16_384; offset++) {
    const number = (seed.readUInt16BE(0) + offset) % 16_384
    const prefix = `10.${192 + (number >> 8)}.${number & 255}.`
    if (!taken.some((address) => address.startsWith(prefix))) return `${prefix}1/24`
  }
  throw new PlatformError('quota', 'no private subnet is left for another network')
}

/** Removes the networks made for an instance that nothing uses any more. */
export async function removeNetworksOf(client: LxdClient, instance: string, only?: string): Promise<void> {
  const networks = await client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } })
  const mine = networks.filter(
    (network) => network.config[MADE_FOR] === instance && (only === undefined || only === network.name),
  )
  for (const network of mine) await removeNetwork(client, network.name)
}

/** One that is gone is fine. */
export async function removeNetwork(client: LxdClient, name: string): Promise<void> {
  await waitUntil({ what: `the network ${name} to be removed`, deadlineMs: 60_000 }, async () => {
    try {
      await client.call('DELETE', `/1.0/networks/${name}`)
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
    }
    return { done: true, value: undefined }
  })
}
