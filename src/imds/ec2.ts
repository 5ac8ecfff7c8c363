import { createHmac, timingSafeEqual } from 'node:crypto'
import { json, notFound, onlyMethods, refuse, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer, ImdsContext, ImdsRequest } from './cloud.ts'
import { subnetOf, userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument, Nic } from './document.ts'
import { fromTree, namesIn } from './tree.ts'
import type { Tree } from './tree.ts'

const DOCS = 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide'

/** Versions of the service, oldest first. Tags of the instance appear from 2021-03-23 on, IPv6 from 2016-09-02. */
const VERSIONS = [
  '1.0',
  '2007-01-19',
  '2008-02-01',
  '2009-04-04',
  '2011-01-01',
  '2014-11-05',
  '2016-09-02',
  '2018-09-24',
  '2019-10-01',
  '2021-03-23',
  '2021-07-15',
  '2024-04-11',
  'latest',
]

const SERVER = { server: 'EC2ws', connection: 'close' }

/** EC2 with the instance metadata service version 2, and version 1 unless tokens are required. */
export default defineCloud({
  name: 'ec2',
  title: 'Amazon EC2',
  datasource: 'Ec2',
  cloudId: 'aws',
  sources: [`${DOCS}/configuring-instance-metadata-service.html`, `${DOCS}/instancedata-data-categories.html`],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 16_384,
  vendorData: false,
  ids: (seed) => {
    const hex = Buffer.from(seed).toString('hex')
    return { id: `i-0${hex.slice(0, 16)}`, uuid: `ec2${uuidFrom(seed).slice(3)}` }
  },
  // Guests recognise EC2 by a uuid that begins with ec2 and is the serial number too (identify_ec2_instances.html).
  dmi: ({ uuid, instanceType }) => ({
    sys_vendor: 'Amazon EC2',
    product_name: instanceType,
    product_serial: uuid,
    product_uuid: uuid,
    chassis_asset_tag: 'Amazon EC2',
  }),

  guard(request, context) {
    if (request.path === '/latest/api/token') return onlyMethods(request, 'PUT')
    const method = onlyMethods(request, 'GET', 'HEAD')
    if (method) return method
    const token = request.headers['x-aws-ec2-metadata-token']
    // Without a token the older version answers; a wrong or expired token is refused in any case.
    if (token === undefined) return context.document.tokensRequired ? unauthorized() : undefined
    return isValid(token, context) ? undefined : unauthorized()
  },

  answer(request, context) {
    if (request.path === '/latest/api/token') return token(request, context)
    const [version, part, ...rest] = namesIn(request.path)
    if (version === undefined) return text(VERSIONS.join('\n'), SERVER)
    if (!VERSIONS.includes(version)) return notFound()
    const { document } = context
    const userData = userDataBytes(document)
    if (part === undefined) return text(['dynamic', 'meta-data', ...(userData ? ['user-data'] : [])].join('\n'), SERVER)
    if (part === 'user-data' && rest.length === 0)
      return userData
        ? { ...text(userData, SERVER), headers: { ...SERVER, 'content-type': 'application/octet-stream' } }
        : notFound()
    if (part === 'dynamic') return dynamic(rest, document)
    if (part !== 'meta-data') return notFound()
    return keys(document, rest) ?? fromTree(metaData(document, version), rest) ?? notFound()
  },
})

function unauthorized(): Answer {
  return refuse(401, '401 - Unauthorized', SERVER)
}

/** `PUT` with the wanted life time; refused when it came through a proxy. */
function token(request: ImdsRequest, context: ImdsContext): Answer {
  if (request.headers['x-forwarded-for'] !== undefined) return refuse(403, '403 - Forbidden', SERVER)
  const wanted = request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? ''
  const seconds = /^\d{1,5}$/.test(wanted) ? Number(wanted) : 0
  if (seconds < 1 || seconds > 21_600) return refuse(400, '400 - Bad Request', SERVER)
  return text(sign(context.now, seconds, context.secret), {
    ...SERVER,
    'x-aws-ec2-metadata-token-ttl-seconds': String(seconds),
  })
}

function sign(now: number, seconds: number, secret: string): string {
  const times = Buffer.alloc(12)
  times.writeDoubleBE(now)
  times.writeUInt32BE(seconds, 8)
  return Buffer.concat([times, createHmac('sha256', secret).update(times).digest().subarray(0, 28)]).toString(
    'base64url',
  )
}

function isValid(value: string, { now, secret, tokensSince }: ImdsContext): boolean {
  const bytes = Buffer.from(value, 'base64url')
  if (bytes.length !== 40 || bytes.toString('base64url') !== value) return false
  const times = bytes.subarray(0, 12)
  if (!timingSafeEqual(bytes.subarray(12), createHmac('sha256', secret).update(times).digest().subarray(0, 28)))
    return false
  const made = times.readDoubleBE(0)
  return made >= tokensSince && now < made + times.readUInt32BE(8) * 1000
}

/** Keys are listed as `0=name`, and asked for as `0/openssh-key`. */
function keys({ sshKeys }: InstanceDocument, names: readonly string[]): Answer | undefined {
  if (names[0] !== 'public-keys') return undefined
  if (sshKeys.length === 0) return notFound()
  const [, index, leaf, ...more] = names
  if (index === undefined)
    return text(sshKeys.map((key, number) => `${number}=${keyName(key, number)}`).join('\n'), SERVER)
  const key = /^\d+$/.test(index) ? sshKeys[Number(index)] : undefined
  if (key === undefined || more.length > 0) return notFound()
  if (leaf === undefined) return text('openssh-key', SERVER)
  return leaf === 'openssh-key' ? text(`${key}\n`, SERVER) : notFound()
}

function keyName(key: string, number: number): string {
  return (key.trim().split(/\s+/)[2] ?? `key-${number}`).replace(/[^A-Za-z0-9@._-]/g, '-')
}

function metaData(document: InstanceDocument, version: string): Tree {
  const { id, hostname, instanceType, imageId, zone, region, nics, tags, sshKeys } = document
  const [first] = nics
  const recent = version === 'latest' || version >= '2021-03-23'
  return {
    'ami-id': imageId,
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: '/dev/xvda', root: '/dev/xvda' },
    hostname,
    'instance-action': 'none',
    'instance-id': id,
    'instance-life-cycle': 'on-demand',
    'instance-type': instanceType,
    ...(first ? { 'local-hostname': hostname, 'local-ipv4': first.ipv4.address, mac: first.mac } : {}),
    network: {
      interfaces: {
        macs: Object.fromEntries(nics.map((nic, index) => [nic.mac, card(nic, index, document, version)])),
      },
    },
    placement: { 'availability-zone': zone, region },
    profile: 'default-hvm',
    ...(first?.ipv4.public ? { 'public-ipv4': first.ipv4.public } : {}),
    ...(sshKeys.length > 0 ? { 'public-keys': {} } : {}),
    'reservation-id': `r-${id.slice(2)}`,
    'security-groups': 'default',
    services: { domain: 'amazonaws.com', partition: 'aws' },
    ...(recent && Object.keys(tags).length > 0 ? { tags: { instance: tags } } : {}),
  }
}

function card(nic: Nic, index: number, { account, hostname }: InstanceDocument, version: string): Tree {
  const { ipv4, ipv6 } = nic
  const cidr = subnetOf(ipv4.address, ipv4.prefix)
  const hex = nic.mac.replaceAll(':', '')
  return {
    'device-number': String(index),
    'interface-id': `eni-0${hex}0000`,
    'local-hostname': hostname,
    'local-ipv4s': [ipv4.address, ...(ipv4.secondary ?? [])].join('\n'),
    mac: nic.mac,
    'owner-id': account,
    ...(ipv4.public ? { 'public-ipv4s': ipv4.public } : {}),
    'security-group-ids': 'sg-00000000000000000',
    'security-groups': 'default',
    'subnet-id': 'subnet-00000000000000000',
    'subnet-ipv4-cidr-block': cidr,
    'vpc-id': 'vpc-00000000000000000',
    'vpc-ipv4-cidr-block': cidr,
    'vpc-ipv4-cidr-blocks': cidr,
    ...(ipv6 && version >= '2016-09-02'
      ? {
          ipv6s: ipv6.addresses.join('\n'),
          'subnet-ipv6-cidr-blocks': `${networkOf6(ipv6.addresses[0] ?? '', ipv6.prefix)}`,
        }
      : {}),
  }
}

/** Good for prefixes that end at a group: the rest of the address is left out. */
function networkOf6(address: string, prefix: number): string {
  const groups = Math.floor(prefix / 16)
  const [head = ''] = address.split('::')
  return `${head.split(':').slice(0, groups).join(':')}::/${prefix}`
}

function dynamic(names: readonly string[], document: InstanceDocument): Answer {
  const [group, leaf, ...more] = names
  if (group === undefined) return text('instance-identity/', SERVER)
  if (group !== 'instance-identity' || more.length > 0) return notFound()
  if (leaf === undefined) return text('document', SERVER)
  if (leaf !== 'document') return notFound()
  const { id, instanceType, imageId, region, zone, account, nics } = document
  return json(
    {
      accountId: account,
      architecture: 'x86_64',
      availabilityZone: zone,
      imageId,
      instanceId: id,
      instanceType,
      kernelId: null,
      pendingTime: '2026-01-01T00:00:00Z',
      privateIp: nics[0]?.ipv4.address,
      ramdiskId: null,
      region,
      version: '2017-09-30',
    },
    { ...SERVER, 'content-type': 'text/plain' },
  )
}
