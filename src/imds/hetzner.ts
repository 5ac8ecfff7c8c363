import { notFound, onlyMethods, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer } from './cloud.ts'
import { userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument } from './document.ts'
import { namesIn } from './tree.ts'

/** Hetzner Cloud: one YAML document, and most of its keys as files of their own. JSON is YAML. */
export default defineCloud({
  name: 'hetzner',
  title: 'Hetzner Cloud',
  datasource: 'Hetzner',
  cloudId: 'hetzner',
  sources: ['https://docs.hetzner.cloud/reference/cloud#server-metadata'],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 32_768,
  vendorData: true,
  ids: (seed) => ({ id: String(Buffer.from(seed).readUInt32BE() % 100_000_000), uuid: uuidFrom(seed) }),
  // The serial number is the instance id; a guest refuses metadata of another one.
  dmi: ({ id, uuid }) => ({ sys_vendor: 'Hetzner', product_name: 'vServer', product_serial: id, product_uuid: uuid }),

  guard: (request) => onlyMethods(request, 'GET', 'HEAD'),

  answer(request, { document }) {
    const [root, version, file, leaf, ...more] = namesIn(request.path)
    if (root !== 'hetzner' || version !== 'v1' || more.length > 0) return notFound()
    if (file === 'userdata' && leaf === undefined) return userData(document)
    if (file !== 'metadata') return notFound()
    const all = metadata(document)
    if (leaf === undefined) return yaml(all)
    const own: Readonly<Record<string, unknown>> = { ...all, 'private-networks': privateNetworks(document) }
    if (!Object.hasOwn(own, leaf)) return notFound()
    const value = own[leaf]
    return typeof value === 'string' || typeof value === 'number' ? text(`${value}`) : yaml(value)
  },
})

/** Without user-data the answer is empty, with status 204. */
function userData(document: InstanceDocument): Answer {
  const bytes = userDataBytes(document)
  // The service hands out text only: bytes that are no text come as base64.
  if (bytes) return text(document.userDataBase64 ? (document.userData ?? '') : bytes)
  return { status: 204 }
}

function yaml(value: unknown): Answer {
  return { ...text(`${JSON.stringify(value, undefined, 2)}\n`), headers: { 'content-type': 'text/yaml' } }
}

function metadata(document: InstanceDocument) {
  const { id, hostname, region, zone, nics, sshKeys, vendorData } = document
  const [first] = nics
  return {
    'availability-zone': zone,
    hostname,
    'instance-id': Number(id),
    'local-ipv4': '',
    'network-config': {
      config: nics.slice(0, 1).map(({ mac, ipv6 }) => ({
        mac_address: mac,
        name: 'eth0',
        subnets: [
          { ipv4: true, type: 'dhcp' },
          ...(ipv6?.addresses ?? []).map((address) => ({
            address: `${address}/${ipv6?.prefix}`,
            ...(ipv6?.gateway ? { gateway: ipv6.gateway } : {}),
            ipv6: true,
            type: 'static',
          })),
        ],
        type: 'physical',
      })),
      version: 1,
    },
    'public-ipv4': first?.ipv4.public ?? first?.ipv4.address ?? '',
    'public-keys': sshKeys,
    region,
    ...(vendorData === undefined ? {} : { vendor_data: vendorData }),
  }
}

function privateNetworks({ nics }: InstanceDocument) {
  return nics.slice(1).map(({ mac, ipv4 }, index) => ({
    ip: ipv4.address,
    alias_ips: ipv4.secondary ?? [],
    interface_num: index + 2,
    mac_address: mac,
    network_id: 1000 + index,
    network_name: `net-${index}`,
    gateway: ipv4.gateway ?? '',
  }))
}
