import { json, notFound, onlyMethods, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import { netmask, subnetOf, uuidFrom } from './derived.ts'
import type { InstanceDocument, Nic } from './document.ts'
import { listing, namesIn, nodeAt } from './tree.ts'

/** Vultr: a tree of text files, and the whole of it as JSON. */
export default defineCloud({
  name: 'vultr',
  title: 'Vultr',
  datasource: 'Vultr',
  cloudId: 'vultr',
  sources: ['https://www.vultr.com/metadata/'],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 65_536,
  vendorData: true,
  ids: (seed) => ({ id: uuidFrom(seed), uuid: uuidFrom(seed) }),
  dmi: ({ uuid }) => ({ sys_vendor: 'Vultr', product_name: 'VC2', product_serial: uuid, product_uuid: uuid }),

  guard: (request) => onlyMethods(request, 'GET', 'HEAD'),

  answer(request, { document }) {
    if (request.path === '/v1.json') return json(whole(document))
    const [version, ...names] = namesIn(request.path)
    if (version === undefined) return text('v1/')
    if (version !== 'v1') return notFound()
    const { id, hostname, region, sshKeys, userData } = document
    const node = nodeAt(
      {
        hostname,
        instanceid: id.slice(0, 8),
        'instance-v2-id': id,
        'public-keys': sshKeys.join('\n'),
        region: { regioncode: region },
        ...(userData === undefined ? {} : { 'user-data': userData }),
      },
      names,
    )
    if (node === undefined) return notFound()
    return text(typeof node === 'string' ? node : listing(node))
  },
})

function whole(document: InstanceDocument) {
  const { id, hostname, region, nics, sshKeys, tags, userData, vendorData } = document
  return {
    bgp: {
      ipv4: { 'my-address': '', 'my-asn': '', 'peer-address': '', 'peer-asn': '' },
      ipv6: { 'my-address': '', 'my-asn': '', 'peer-address': '', 'peer-asn': '' },
    },
    hostname,
    instanceid: id.slice(0, 8),
    'instance-v2-id': id,
    interfaces: nics.map(card),
    'public-keys': sshKeys,
    region: { regioncode: region },
    tags: Object.keys(tags),
    'user-data': userData ?? '',
    'vendor-data': vendorData ?? '',
  }
}

function card({ mac, ipv4, ipv6 }: Nic, index: number) {
  const [network6, ...more6] = ipv6?.addresses ?? []
  return {
    ipv4: {
      additional: (ipv4.secondary ?? []).map((address) => ({ address, netmask: netmask(ipv4.prefix) })),
      address: ipv4.address,
      gateway: ipv4.gateway ?? '',
      netmask: netmask(ipv4.prefix),
    },
    ipv6: {
      additional: more6.map((network) => ({ network, prefix: String(ipv6?.prefix ?? 64) })),
      address: network6 ?? '',
      network: network6 ?? '',
      prefix: String(ipv6?.prefix ?? ''),
    },
    mac,
    'network-type': index === 0 ? 'public' : 'private',
    ...(index === 0 ? {} : { networkid: `net-${subnetOf(ipv4.address, ipv4.prefix)}` }),
  }
}
