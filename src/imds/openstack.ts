import { json, notFound, onlyMethods, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer } from './cloud.ts'
import { netmask, userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument, Nic } from './document.ts'
import { fromTree, namesIn } from './tree.ts'
import type { Tree } from './tree.ts'

/** Versions of the OpenStack tree, oldest first, each with the files that came with it. */
const VERSIONS = [
  '2012-08-10',
  '2013-04-04',
  '2013-10-17',
  '2015-10-15',
  '2016-06-30',
  '2016-10-06',
  '2017-02-22',
  '2018-08-27',
  '2020-10-14',
  'latest',
]
const EC2_VERSIONS = ['1.0', '2007-01-19', '2008-02-01', '2009-04-04', 'latest']

/** Nova's metadata service: its own tree, and beside it one in the manner of EC2 without tokens. */
export default defineCloud({
  name: 'openstack',
  title: 'OpenStack',
  datasource: 'OpenStack',
  cloudId: 'openstack',
  sources: [
    'https://docs.openstack.org/nova/latest/user/metadata.html',
    'https://docs.openstack.org/nova/latest/admin/metadata-service.html',
  ],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 65_535,
  vendorData: true,
  // The instance id is the uuid of the firmware; a guest compares both to see whether it is still the same instance.
  ids: (seed) => ({ id: uuidFrom(seed), uuid: uuidFrom(seed) }),
  dmi: ({ uuid }) => ({
    sys_vendor: 'OpenStack Foundation',
    product_name: 'OpenStack Nova',
    product_serial: uuid,
    product_uuid: uuid,
  }),

  guard: (request) =>
    request.path === '/openstack/latest/password'
      ? onlyMethods(request, 'GET', 'POST')
      : onlyMethods(request, 'GET', 'HEAD'),

  answer(request, { document }) {
    const [root, ...names] = namesIn(request.path)
    if (root === undefined) return text(EC2_VERSIONS.join('\n'))
    if (root === 'openstack') return openstack(document, names)
    return EC2_VERSIONS.includes(root) ? ec2(document, names) : notFound()
  },
})

function openstack(document: InstanceDocument, [version, file, ...more]: readonly string[]): Answer {
  if (version === undefined) return text(VERSIONS.join('\n'))
  if (!VERSIONS.includes(version) || more.length > 0) return notFound()
  const since = (first: string) => version === 'latest' || version >= first
  const userData = userDataBytes(document)
  const vendor = vendorData(document)
  const files: Record<string, Answer | undefined> = {
    'meta_data.json': json(metaData(document)),
    'network_data.json': since('2015-10-15') ? json(networkData(document)) : undefined,
    password: since('2013-04-04') ? text('') : undefined,
    user_data: userData
      ? { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: userData }
      : undefined,
    'vendor_data.json': since('2013-10-17') ? json(vendor) : undefined,
    'vendor_data2.json': since('2016-10-06') ? json({}) : undefined,
  }
  if (file === undefined)
    return text(
      Object.keys(files)
        .filter((name) => files[name])
        .join('\n'),
    )
  return (Object.hasOwn(files, file) ? files[file] : undefined) ?? notFound()
}

function vendorData({ vendorData: data }: InstanceDocument): unknown {
  return data === undefined ? {} : { 'cloud-init': data }
}

function metaData({ uuid, hostname, zone, account, sshKeys, tags }: InstanceDocument) {
  const name = (index: number) => `key-${index}`
  return {
    availability_zone: zone,
    hostname: `${hostname}.novalocal`,
    launch_index: 0,
    meta: tags,
    name: hostname,
    project_id: account,
    ...(sshKeys.length > 0
      ? {
          public_keys: Object.fromEntries(sshKeys.map((key, index) => [name(index), key])),
          keys: sshKeys.map((data, index) => ({ data, name: name(index), type: 'ssh' })),
        }
      : {}),
    uuid,
  }
}

function networkData({ nics, dns }: InstanceDocument) {
  return {
    links: nics.map(({ mac }, index) => ({
      ethernet_mac_address: mac,
      id: `tap${index}`,
      mtu: 1500,
      type: 'phy',
      vif_id: `vif-${index}`,
    })),
    networks: nics.flatMap(networksOf),
    services: dns.map((address) => ({ type: 'dns', address })),
  }
}

/** The first address comes by DHCP, further ones are fixed. */
function networksOf({ ipv4, ipv6 }: Nic, index: number) {
  const link = `tap${index}`
  const networks: object[] = [{ id: `network${index}`, link, network_id: `net-${index}`, type: 'ipv4_dhcp' }]
  for (const [at, ip_address] of (ipv4.secondary ?? []).entries())
    networks.push({
      id: `network${index}-${at + 1}`,
      ip_address,
      link,
      netmask: netmask(ipv4.prefix),
      network_id: `net-${index}`,
      routes: [],
      type: 'ipv4',
    })
  for (const [at, ip_address] of (ipv6?.addresses ?? []).entries())
    networks.push({
      id: `network${index}-6-${at}`,
      ip_address: `${ip_address}/${ipv6?.prefix}`,
      link,
      network_id: `net-${index}`,
      routes: [],
      type: 'ipv6',
    })
  return networks
}

function ec2(document: InstanceDocument, [part, ...names]: readonly string[]): Answer {
  const userData = userDataBytes(document)
  if (part === undefined) return text(['meta-data/', ...(userData ? ['user-data'] : [])].join('\n'))
  if (part === 'user-data' && names.length === 0) return userData ? text(userData) : notFound()
  if (part !== 'meta-data') return notFound()
  const { uuid, hostname, instanceType, imageId, zone, nics, sshKeys } = document
  const tree: Tree = {
    'ami-id': imageId,
    'ami-launch-index': '0',
    'ami-manifest-path': 'FIXME',
    'block-device-mapping': { ami: 'vda', root: '/dev/vda' },
    hostname: `${hostname}.novalocal`,
    'instance-action': 'none',
    'instance-id': `i-${uuid.slice(0, 8)}`,
    'instance-type': instanceType,
    'local-hostname': `${hostname}.novalocal`,
    'local-ipv4': nics[0]?.ipv4.address,
    placement: { 'availability-zone': zone },
    'public-hostname': `${hostname}.novalocal`,
    'public-ipv4': nics[0]?.ipv4.public ?? '',
    ...(sshKeys.length > 0
      ? { 'public-keys': Object.fromEntries(sshKeys.map((key, index) => [String(index), { 'openssh-key': key }])) }
      : {}),
    'reservation-id': `r-${uuid.slice(0, 8)}`,
  }
  if (names[0] === 'public-keys' && names.length === 1 && sshKeys.length > 0)
    return text(sshKeys.map((_, index) => `${index}=key-${index}`).join('\n'))
  return fromTree(tree, names) ?? notFound()
}
