import { json, notFound, onlyMethods, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import { netmask, uuidFrom } from './derived.ts'
import type { InstanceDocument, Nic } from './document.ts'
import { listing, namesIn, nodeAt } from './tree.ts'
import type { Tree } from './tree.ts'

/** DigitalOcean: a tree of text files, and the whole of it as JSON. Addresses are fixed, not leased. */
export default defineCloud({
  name: 'digitalocean',
  title: 'DigitalOcean',
  datasource: 'DigitalOcean',
  cloudId: 'digitalocean',
  sources: ['https://docs.digitalocean.com/reference/api/metadata-api/'],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 65_536,
  vendorData: true,
  ids: (seed) => ({ id: String(100_000_000 + (Buffer.from(seed).readUInt32BE() % 400_000_000)), uuid: uuidFrom(seed) }),
  dmi: ({ id, uuid }) => ({
    sys_vendor: 'DigitalOcean',
    product_name: 'Droplet',
    product_serial: id,
    product_uuid: uuid,
  }),

  guard: (request) => onlyMethods(request, 'GET', 'HEAD'),

  answer(request, { document }) {
    if (request.path === '/metadata/v1.json') return json(whole(document))
    const [root, version, ...names] = namesIn(request.path)
    if (root !== 'metadata' || version !== 'v1') return notFound()
    const node = nodeAt(tree(document), names)
    if (node === undefined) return notFound()
    return text(typeof node === 'string' ? node : listing(node))
  },
})

function whole(document: InstanceDocument) {
  const { id, hostname, region, nics, sshKeys, dns, tags, userData, vendorData } = document
  const [first, ...others] = nics
  return {
    droplet_id: Number(id),
    hostname,
    ...(vendorData === undefined ? {} : { vendor_data: vendorData }),
    ...(userData === undefined ? {} : { user_data: userData }),
    public_keys: sshKeys,
    region,
    interfaces: {
      ...(first ? { public: [card(first, 'public')] } : {}),
      ...(others.length > 0 ? { private: others.map((nic) => card(nic, 'private')) } : {}),
    },
    floating_ip: { ipv4: { active: false } },
    dns: { nameservers: dns },
    tags: Object.keys(tags),
    features: { dhcp_enabled: false },
  }
}

function card({ mac, ipv4, ipv6 }: Nic, type: 'public' | 'private') {
  const one = (ip_address: string) => ({
    ip_address,
    netmask: netmask(ipv4.prefix),
    gateway: ipv4.gateway ?? '0.0.0.0',
  })
  const [anchor] = ipv4.secondary ?? []
  return {
    ipv4: one(ipv4.address),
    ...(anchor === undefined ? {} : { anchor_ipv4: one(anchor) }),
    ...(ipv6 ? { ipv6: { ip_address: ipv6.addresses[0], cidr: ipv6.prefix, gateway: ipv6.gateway ?? '::' } } : {}),
    mac,
    type,
  }
}

function tree(document: InstanceDocument): Tree {
  const { id, hostname, region, nics, sshKeys, dns, userData, vendorData } = document
  const card4 = ({ mac, ipv4 }: Nic, type: string): Tree => ({
    mac,
    type,
    ipv4: { address: ipv4.address, netmask: netmask(ipv4.prefix), gateway: ipv4.gateway ?? '0.0.0.0' },
  })
  return {
    id,
    hostname,
    region,
    'public-keys': sshKeys.join('\n'),
    'user-data': userData ?? '',
    ...(vendorData === undefined ? {} : { 'vendor-data': vendorData }),
    dns: { nameservers: dns.join('\n') },
    interfaces: {
      public: Object.fromEntries(nics.slice(0, 1).map((nic, index) => [String(index), card4(nic, 'public')])),
      private: Object.fromEntries(nics.slice(1).map((nic, index) => [String(index), card4(nic, 'private')])),
    },
  }
}
