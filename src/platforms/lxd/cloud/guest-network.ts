import { createHash } from 'node:crypto'
import type { Cloud } from '../../../imds/cloud.ts'
import type { Nic } from '../../../imds/document.ts'
import type { CloudIdentity } from '../../cloud-identity.ts'
import type { NetworkInfo } from '../api.ts'
import type { LxdClient } from '../client.ts'
import { callNetwork } from '../network-call.ts'
import { MADE_FOR, makeRules, shieldedBy } from '../network-rules.ts'
import { freeSubnet } from '../own-network.ts'

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
  await makeRules(client, name, config)
  const options = index === 0 ? (cloud.dhcpOptions?.(gateway) ?? []) : []
  await callNetwork(client, {
    method: 'POST',
    path: '/1.0/networks',
    json: {
      name,
      type: 'bridge',
      config: {
        'ipv4.address': router,
        'ipv4.nat': 'true',
        'ipv6.address': nic.ipv6?.gateway === undefined ? 'none' : `${nic.ipv6.gateway}/64`,
        ...(nic.ipv6 ? { 'ipv6.dhcp.stateful': 'true', 'ipv6.nat': 'true' } : {}),
        ...shieldedBy(name),
        ...(options.length > 0 ? { 'raw.dnsmasq': options.map((option) => `dhcp-${option}`).join('\n') } : {}),
        ...config,
      },
    },
  })
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
