import { createHash } from 'node:crypto'
import { PlatformError } from '../../../core/errors.ts'
import type { Cloud } from '../../../imds/cloud.ts'
import type { Nic } from '../../../imds/document.ts'
import type { CloudIdentity } from '../../cloud-identity.ts'
import type { NetworkInfo } from '../api.ts'
import type { LxdClient } from '../client.ts'
import { freeSubnet, MADE_FOR } from '../own-network.ts'

/** Addresses that belong to metadata services of clouds, of which the host may be a guest itself. */
const METADATA_SERVICES = ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32']
const METADATA_SERVICES_6 = ['fd00:ec2::254/128', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fe80::a9fe:a9fe/128']

/** A network of the guest's own, and the card on it as the metadata tell it. */
export interface GuestNetwork {
  name: string
  nic: Nic
}

/**
 * Makes a network for card `index` of an instance: its own addresses, the DHCP options of the cloud, and no way to a real metadata service.
 * The network and its rules go with the instance.
 */
export async function makeGuestNetwork(
  client: LxdClient,
  request: {
    instance: string
    index: number
    cloud: Cloud
    identity: Pick<CloudIdentity, 'secondaryAddresses' | 'ipv6'>
    tags: Record<string, string>
  },
): Promise<GuestNetwork> {
  const { instance, index, cloud, identity, tags } = request
  const seed = createHash('sha256').update(`${instance}/cloud/${index}`).digest()
  const name = `hi${seed.toString('hex').slice(0, 10)}`
  const networks = await client.get<NetworkInfo[]>('/1.0/networks', { query: { recursion: '1' } })
  const router = freeSubnet(seed, networks)
  const gateway = router.slice(0, router.indexOf('/'))
  const nic = cardOf(seed, index, gateway, identity)
  const config = { ...tags, [MADE_FOR]: instance }
  const rules = [...METADATA_SERVICES, ...METADATA_SERVICES_6]
  await client.call('POST', '/1.0/network-acls', {
    json: {
      name,
      config,
      egress: rules.map((destination) => ({ action: 'reject', state: 'enabled', destination })),
      ingress: [],
    },
  })
  const options = index === 0 ? (cloud.dhcpOptions?.(gateway) ?? []) : []
  await client.call(
    'POST',
    '/1.0/networks',
    {
      json: {
        name,
        type: 'bridge',
        config: {
          'ipv4.address': router,
          'ipv4.nat': 'true',
          'ipv6.address': nic.ipv6?.gateway === undefined ? 'none' : `${nic.ipv6.gateway}/64`,
          ...(nic.ipv6 ? { 'ipv6.dhcp.stateful': 'true', 'ipv6.nat': 'true' } : {}),
          'security.acls': name,
          'security.acls.default.egress.action': 'allow',
          'security.acls.default.ingress.action': 'allow',
          ...(options.length > 0 ? { 'raw.dnsmasq': options.map((option) => `dhcp-${option}`).join('\n') } : {}),
          ...config,
        },
      },
    },
    { deadlineMs: 60_000 },
  )
  return { name, nic }
}

/** Address 10 of the network, further ones after it. */
function cardOf(
  seed: Buffer,
  index: number,
  gateway: string,
  identity: Pick<CloudIdentity, 'secondaryAddresses' | 'ipv6'>,
): Nic {
  const prefix = gateway.slice(0, gateway.lastIndexOf('.'))
  const secondary = index === 0 ? (identity.secondaryAddresses ?? 0) : 0
  const hex = seed.toString('hex')
  const prefix6 = `fd42:${hex.slice(0, 4)}:${hex.slice(4, 8)}:${hex.slice(8, 12)}`.replace(/:0+(?=[0-9a-f])/g, ':')
  return {
    mac: [
      '02',
      hex.slice(20, 22),
      hex.slice(22, 24),
      hex.slice(24, 26),
      hex.slice(26, 28),
      index.toString(16).padStart(2, '0'),
    ].join(':'),
    ipv4: {
      address: `${prefix}.10`,
      prefix: 24,
      gateway,
      ...(secondary > 0 ? { secondary: Array.from({ length: secondary }, (_, at) => `${prefix}.${11 + at}`) } : {}),
    },
    ...(identity.ipv6 && index === 0
      ? { ipv6: { addresses: [`${prefix6}::10`], prefix: 64, gateway: `${prefix6}::1` } }
      : {}),
  }
}

/** Removes the rules that were made for an instance. Networks that use them must be gone. */
export async function removeRulesOf(client: LxdClient, instance: string, only?: string): Promise<void> {
  for (const { name, config } of await listRules(client))
    if (config[MADE_FOR] === instance && (only === undefined || only === name)) await removeRules(client, name)
}

interface RulesInfo {
  name: string
  config: Record<string, string>
}

/** Every set of rules; none on servers that know none. */
export async function listRules(client: LxdClient): Promise<RulesInfo[]> {
  try {
    return await client.get<RulesInfo[]>('/1.0/network-acls', { query: { recursion: '1' } })
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return []
    throw error
  }
}

/** One that is gone is fine. */
export async function removeRules(client: LxdClient, name: string): Promise<void> {
  try {
    await client.call('DELETE', `/1.0/network-acls/${name}`)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}
