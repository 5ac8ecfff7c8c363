import type { CloudName } from '../../../src/imds/cloud.ts'
import { KEY, USER_DATA } from './ask.ts'
import type { Asked, Question } from './ask.ts'

/** One thing a cloud's documentation, or the datasource that reads it, says about an answer. */
export interface Rule {
  cloud: CloudName
  title: string
  ask: (asked: Asked) => Question
  /** What the answer must be; parts that are absent do not matter. */
  status: number
  header?: readonly [string, string]
  /** All of these are in the body. */
  holds?: readonly (string | RegExp)[]
  /** Lines of the body, in any order. */
  lines?: readonly string[]
  lacks?: string
}

const token = (asked: Asked) => ({ 'x-aws-ec2-metadata-token': asked.token() })
const TTL = 'x-aws-ec2-metadata-token-ttl-seconds'
const flavor = { 'metadata-flavor': 'Google' }
const azure = { metadata: 'true' }
const INSTANCE = '/metadata/instance?api-version=2021-08-01'
const WIRE = { 'x-ms-version': '2012-11-30', 'x-ms-agent-name': 'WALinuxAgent' }
const oracle = { authorization: 'Bearer Oracle' }

const report = (asked: Asked, state: string) => {
  const { uuid, hostname } = asked.service.document
  return `<Health><Container><ContainerId>${uuid}</ContainerId><RoleInstanceList><Role><InstanceId>${uuid}._${hostname}</InstanceId><Health><State>${state}</State></Health></Role></RoleInstanceList></Container></Health>`
}

const is = (
  cloud: CloudName,
  title: string,
  question: Question | ((asked: Asked) => Question),
  expected: Omit<Rule, 'cloud' | 'title' | 'ask'>,
): Rule => ({ cloud, title, ask: typeof question === 'function' ? question : () => question, ...expected })

const ec2 = (title: string, path: string, expected: Omit<Rule, 'cloud' | 'title' | 'ask'>) =>
  is('ec2', title, (asked) => ({ path, headers: token(asked) }), expected)

export const RULES: readonly Rule[] = [
  is(
    'ec2',
    'a token is made by PUT',
    { method: 'PUT', path: '/latest/api/token', headers: { [TTL]: '21600' } },
    { status: 200, header: [TTL, '21600'], holds: [/^[\w-]{40,}$/] },
  ),
  is('ec2', 'a token is not made by GET', { path: '/latest/api/token', headers: { [TTL]: '60' } }, { status: 405 }),
  is('ec2', 'a token needs a life time', { method: 'PUT', path: '/latest/api/token' }, { status: 400 }),
  is(
    'ec2',
    'a life time is at most 21600 seconds',
    { method: 'PUT', path: '/latest/api/token', headers: { [TTL]: '21601' } },
    { status: 400 },
  ),
  is(
    'ec2',
    'no token through a proxy',
    { method: 'PUT', path: '/latest/api/token', headers: { [TTL]: '60', 'x-forwarded-for': '1.2.3.4' } },
    { status: 403 },
  ),
  is('ec2', 'nothing without a token', { path: '/latest/meta-data/instance-id' }, { status: 401 }),
  is(
    'ec2',
    'nothing with a wrong token',
    { path: '/latest/meta-data/instance-id', headers: { 'x-aws-ec2-metadata-token': 'AAAA' } },
    { status: 401 },
  ),
  ec2('versions are listed at the root', '/', { status: 200, holds: ['2021-03-23', 'latest', '1.0'] }),
  ec2('folders end with a slash in listings', '/latest/meta-data/', {
    status: 200,
    holds: [/^network\/$/m, /^placement\/$/m, /^instance-id$/m],
  }),
  ec2('keys are listed by number and name', '/2021-03-23/meta-data/public-keys/', {
    status: 200,
    lines: ['0=somebody@example'],
  }),
  ec2('a key has its format below it', '/2021-03-23/meta-data/public-keys/0/openssh-key', {
    status: 200,
    holds: [KEY],
  }),
  ec2('cards are listed by address', '/2021-03-23/meta-data/network/interfaces/macs/', {
    status: 200,
    lines: ['02:00:00:00:00:01/', '02:00:00:00:00:02/'],
  }),
  ec2('addresses are one per line', '/2021-03-23/meta-data/network/interfaces/macs/02:00:00:00:00:01/local-ipv4s', {
    status: 200,
    lines: ['10.1.2.10', '10.1.2.11'],
  }),
  ec2(
    'the subnet is a prefix',
    '/2021-03-23/meta-data/network/interfaces/macs/02:00:00:00:00:01/subnet-ipv4-cidr-block',
    { status: 200, lines: ['10.1.2.0/24'] },
  ),
  ec2('IPv6 addresses are told', '/2021-03-23/meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv6s', {
    status: 200,
    lines: ['fd42::10'],
  }),
  ec2('user-data come as they are', '/latest/user-data', {
    status: 200,
    header: ['content-type', 'application/octet-stream'],
    holds: [USER_DATA],
  }),
  ec2('the identity document has the instance id', '/latest/dynamic/instance-identity/document', {
    status: 200,
    holds: [/"instanceId":"i-0[0-9a-f]{16}"/],
  }),
  ec2('tags need version 2021-03-23', '/2018-09-24/meta-data/tags/instance/', { status: 404 }),
  ec2('tags are a folder', '/2021-03-23/meta-data/tags/instance/', { status: 200, holds: ['team'] }),
  ec2('an unknown version is not found', '/2031-01-01/meta-data/', { status: 404 }),
  ec2('an unknown key is not found', '/latest/meta-data/nothing', { status: 404 }),

  is('gce', 'nothing without the flavor header', { path: '/computeMetadata/v1/instance/id' }, { status: 403 }),
  is(
    'gce',
    'nothing through a proxy',
    { path: '/computeMetadata/v1/instance/id', headers: { ...flavor, 'x-forwarded-for': '1.2.3.4' } },
    { status: 403 },
  ),
  is('gce', 'the root says who it is', { path: '/' }, { status: 200, header: ['metadata-flavor', 'Google'] }),
  is(
    'gce',
    'the id is a number, with the flavor in the answer',
    { path: '/computeMetadata/v1/instance/id', headers: flavor },
    { status: 200, header: ['metadata-flavor', 'Google'], holds: [/^\d{5,20}$/] },
  ),
  is(
    'gce',
    'the zone has its project',
    { path: '/computeMetadata/v1/instance/zone', headers: flavor },
    { status: 200, holds: [/^projects\/\d+\/zones\/europe-west1-b$/] },
  ),
  is(
    'gce',
    'the host name is long',
    { path: '/computeMetadata/v1/instance/hostname', headers: flavor },
    { status: 200, holds: ['web-1.europe-west1-b.c.example-project.internal'] },
  ),
  is(
    'gce',
    'a folder without its slash is elsewhere',
    { path: '/computeMetadata/v1/instance/attributes', headers: flavor },
    { status: 301, header: ['location', '/computeMetadata/v1/instance/attributes/'] },
  ),
  is(
    'gce',
    'a folder is listed',
    { path: '/computeMetadata/v1/instance/attributes/', headers: flavor },
    { status: 200, holds: [/^ssh-keys$/m, /^user-data$/m] },
  ),
  is(
    'gce',
    'recursive is JSON, whatever the case',
    { path: '/computeMetadata/v1/instance/attributes/?recursive=True', headers: flavor },
    {
      status: 200,
      header: ['content-type', 'application/json'],
      holds: [`"ssh-keys":"debian:${KEY}"`, '"user-data":"#cloud-config'],
    },
  ),
  is(
    'gce',
    'guest attributes are kept',
    {
      method: 'PUT',
      path: '/computeMetadata/v1/instance/guest-attributes/hostkeys/ssh-rsa',
      headers: flavor,
      body: 'AAAA',
    },
    { status: 200 },
  ),
  is(
    'gce',
    'nothing else is written',
    { method: 'PUT', path: '/computeMetadata/v1/instance/id', headers: flavor, body: '1' },
    { status: 405 },
  ),
  is(
    'gce',
    'the unknown is not found',
    { path: '/computeMetadata/v1/instance/nothing', headers: flavor },
    { status: 404 },
  ),

  is('azure', 'nothing without the header', { path: INSTANCE }, { status: 400 }),
  is(
    'azure',
    'nothing without a version, and the newest are told',
    { path: '/metadata/instance', headers: azure },
    { status: 400, holds: ['newest-versions'] },
  ),
  is(
    'azure',
    'nothing of an unknown version',
    { path: '/metadata/instance?api-version=2031-01-01', headers: azure },
    { status: 400 },
  ),
  is(
    'azure',
    'nothing through a proxy',
    { path: INSTANCE, headers: { ...azure, 'x-forwarded-for': '1.2.3.4' } },
    { status: 400 },
  ),
  is('azure', 'nothing is posted', { method: 'POST', path: INSTANCE, headers: azure }, { status: 405 }),
  is(
    'azure',
    'the instance is JSON of strings',
    { path: INSTANCE, headers: azure },
    {
      status: 200,
      holds: [
        '"computerName":"web-1"',
        `"keyData":"${KEY}"`,
        '"macAddress":"020000000001"',
        '"prefix":"24"',
        '"disablePasswordAuthentication":"true"',
      ],
      header: ['content-type', 'application/json; charset=utf-8'],
    },
  ),
  is(
    'azure',
    'user-data are base64',
    { path: INSTANCE, headers: azure },
    { status: 200, holds: [`"userData":"${Buffer.from(USER_DATA).toString('base64')}"`] },
  ),
  is(
    'azure',
    'user-data need version 2021-01-01',
    { path: '/metadata/instance?api-version=2020-09-01', headers: azure },
    { status: 200, lacks: 'userData' },
  ),
  is(
    'azure',
    'extended data come when asked for',
    { path: `${INSTANCE}&extended=true`, headers: azure },
    { status: 200, holds: ['"ppsType":"None"'] },
  ),
  is(
    'azure',
    'a single value is text when asked so',
    { path: '/metadata/instance/compute/vmSize?api-version=2021-08-01&format=text', headers: azure },
    { status: 200, lines: ['Standard_B1s'] },
  ),
  is(
    'azure',
    'the wire server tells its versions to anyone',
    { endpoint: 'wire', path: '/?comp=versions' },
    { status: 200, holds: ['<Version>2012-11-30</Version>'] },
  ),
  is(
    'azure',
    'the goal state needs a version',
    { endpoint: 'wire', path: '/machine/?comp=goalstate' },
    { status: 400 },
  ),
  is(
    'azure',
    'the goal state names container and instance',
    { endpoint: 'wire', path: '/machine/?comp=goalstate', headers: WIRE },
    { status: 200, holds: ['<Incarnation>1</Incarnation>', '<ContainerId>', '<InstanceId>'] },
  ),
  is(
    'azure',
    'a health report is taken',
    (asked) => ({
      endpoint: 'wire',
      method: 'POST',
      path: '/machine?comp=health',
      headers: { ...WIRE, 'content-type': 'text/xml; charset=utf-8' },
      body: report(asked, 'Ready'),
    }),
    { status: 200 },
  ),
  is(
    'azure',
    'a health report of another container is refused',
    (asked) => ({
      endpoint: 'wire',
      method: 'POST',
      path: '/machine?comp=health',
      headers: { ...WIRE, 'content-type': 'text/xml' },
      body: report(asked, 'Ready').replace('<ContainerId>', '<ContainerId>x'),
    }),
    { status: 404 },
  ),
  is(
    'azure',
    'a health report knows two states',
    (asked) => ({
      endpoint: 'wire',
      method: 'POST',
      path: '/machine?comp=health',
      headers: { ...WIRE, 'content-type': 'text/xml' },
      body: report(asked, 'Great'),
    }),
    { status: 400 },
  ),

  is(
    'openstack',
    'versions are listed',
    { path: '/openstack' },
    { status: 200, holds: [/^2018-08-27$/m, /^latest$/m] },
  ),
  is(
    'openstack',
    'files of a version are listed',
    { path: '/openstack/latest/' },
    { status: 200, holds: [/^meta_data\.json$/m, /^network_data\.json$/m, /^user_data$/m] },
  ),
  is(
    'openstack',
    'metadata have the uuid of the firmware',
    (asked) => ({ path: `/openstack/latest/meta_data.json?${asked.service.document.uuid}` }),
    { status: 200, holds: [/"uuid":"[0-9a-f-]{36}"/, '"hostname":"web-1.novalocal"', `"key-0":"${KEY}"`] },
  ),
  is(
    'openstack',
    'links have the addresses of the cards',
    { path: '/openstack/latest/network_data.json' },
    {
      status: 200,
      holds: [
        '"ethernet_mac_address":"02:00:00:00:00:01"',
        '"type":"ipv4_dhcp"',
        '"ip_address":"10.1.2.11"',
        '"ip_address":"fd42::10/64"',
      ],
    },
  ),
  is(
    'openstack',
    'network data came with Liberty',
    { path: '/openstack/2013-10-17/network_data.json' },
    { status: 404 },
  ),
  is(
    'openstack',
    'user-data come as they are',
    { path: '/openstack/latest/user_data' },
    { status: 200, holds: [USER_DATA] },
  ),
  is(
    'openstack',
    'vendor-data are JSON',
    { path: '/openstack/latest/vendor_data.json' },
    { status: 200, holds: ['"cloud-init":'] },
  ),
  is(
    'openstack',
    'the tree of EC2 needs no token',
    { path: '/latest/meta-data/' },
    { status: 200, holds: [/^placement\/$/m, /^instance-id$/m] },
  ),
  is('openstack', 'nothing is written', { method: 'PUT', path: '/openstack/latest/meta_data.json' }, { status: 405 }),

  is('oracle', 'version 2 needs its header', { path: '/opc/v2/instance/' }, { status: 403 }),
  is(
    'oracle',
    'version 2 refuses proxies',
    { path: '/opc/v2/instance/', headers: { ...oracle, forwarded: 'for=1.2.3.4' } },
    { status: 403 },
  ),
  is('oracle', 'version 1 is gone when it is switched off', { path: '/opc/v1/instance/' }, { status: 404 }),
  is(
    'oracle',
    'user-data are base64',
    { path: '/opc/v2/instance/', headers: oracle },
    {
      status: 200,
      holds: [
        `"user_data":"${Buffer.from(USER_DATA).toString('base64')}"`,
        `"ssh_authorized_keys":"${KEY}"`,
        '"id":"ocid1.instance.',
      ],
    },
  ),
  is(
    'oracle',
    'cards have upper-case addresses and their subnet',
    { path: '/opc/v2/vnics/', headers: oracle },
    {
      status: 200,
      holds: ['"macAddr":"02:00:00:00:00:01"', '"subnetCidrBlock":"10.1.2.0/24"', '"privateIp":"10.1.2.10"'],
    },
  ),
  is(
    'oracle',
    'a single value is text',
    { path: '/opc/v2/instance/shape', headers: oracle },
    { status: 200, lines: ['VM.Standard.E4.Flex'] },
  ),

  is(
    'hetzner',
    'metadata are one YAML document',
    { path: '/hetzner/v1/metadata' },
    { status: 200, holds: [/"instance-id": \d+/, '"mac_address": "02:00:00:00:00:01"', KEY] },
  ),
  is(
    'hetzner',
    'a key is a file of its own',
    { path: '/hetzner/v1/metadata/hostname' },
    { status: 200, lines: ['web-1'] },
  ),
  is(
    'hetzner',
    'private networks are elsewhere',
    { path: '/hetzner/v1/metadata/private-networks' },
    { status: 200, holds: ['02:00:00:00:00:02'] },
  ),
  is('hetzner', 'user-data come as they are', { path: '/hetzner/v1/userdata' }, { status: 200, holds: [USER_DATA] }),
  is('hetzner', 'the unknown is not found', { path: '/hetzner/v1/nothing' }, { status: 404 }),

  is(
    'digitalocean',
    'the whole is JSON',
    { path: '/metadata/v1.json' },
    {
      status: 200,
      holds: [
        /"droplet_id":\d+/,
        '"ip_address":"10.1.2.10"',
        '"netmask":"255.255.255.0"',
        '"nameservers":',
        '"mac":"02:00:00:00:00:01"',
        KEY,
      ],
    },
  ),
  is('digitalocean', 'parts are text', { path: '/metadata/v1/hostname' }, { status: 200, lines: ['web-1'] }),
  is(
    'digitalocean',
    'folders end with a slash in listings',
    { path: '/metadata/v1/' },
    { status: 200, holds: [/^interfaces\/$/m, /^id$/m] },
  ),

  is(
    'vultr',
    'the whole is JSON',
    { path: '/v1.json' },
    {
      status: 200,
      holds: [
        '"instance-v2-id":',
        '"regioncode":"FRA"',
        '"additional":[{"address":"10.1.2.11"',
        KEY,
        '"mac":"02:00:00:00:00:01"',
      ],
    },
  ),
  is('vultr', 'parts are text', { path: '/v1/hostname' }, { status: 200, lines: ['web-1'] }),
  is('vultr', 'another method is refused', { method: 'POST', path: '/v1.json' }, { status: 405 }),

  is(
    'nocloud-net',
    'metadata have id and host name',
    { path: '/nocloud/meta-data' },
    { status: 200, holds: ['"instance-id"', '"local-hostname": "web-1"', KEY] },
  ),
  is('nocloud-net', 'user-data come as they are', { path: '/nocloud/user-data' }, { status: 200, holds: [USER_DATA] }),
  is(
    'nocloud-net',
    'vendor-data are there',
    { path: '/nocloud/vendor-data' },
    { status: 200, holds: ['#cloud-config'] },
  ),
  is(
    'nocloud-net',
    'the network is version 2',
    { path: '/nocloud/network-config' },
    { status: 200, holds: ['"version": 2', '"macaddress": "02:00:00:00:00:01"', '10.1.2.11/24'] },
  ),
  is('nocloud-net', 'the unknown is not found', { path: '/elsewhere/meta-data' }, { status: 404 }),
  is('oracle', 'nothing is written', { method: 'PUT', path: '/opc/v2/instance/', headers: oracle }, { status: 405 }),
  is('oracle', 'the unknown is not found', { path: '/opc/v2/nothing', headers: oracle }, { status: 404 }),
  is('hetzner', 'nothing is written', { method: 'PUT', path: '/hetzner/v1/userdata' }, { status: 405 }),
  is('digitalocean', 'nothing is written', { method: 'POST', path: '/metadata/v1.json' }, { status: 405 }),
  is('digitalocean', 'the unknown is not found', { path: '/metadata/v1/nothing' }, { status: 404 }),
  is('vultr', 'the unknown is not found', { path: '/v1/nothing' }, { status: 404 }),
  is('nocloud-net', 'nothing is written', { method: 'POST', path: '/nocloud/user-data' }, { status: 405 }),
]

/** What is wrong with the answer to a rule's question, or undefined. */
export function brokenBy(rule: Rule, asked: Asked): string | undefined {
  const answer = asked.ask(rule.ask(asked))
  if (answer.status !== rule.status) return `status ${answer.status} instead of ${rule.status}`
  if (rule.header && answer.headers?.[rule.header[0]] !== rule.header[1])
    return `header ${rule.header[0]} is ${answer.headers?.[rule.header[0]]}`
  const missing = rule.holds?.find((part) =>
    typeof part === 'string' ? !answer.text.includes(part) : !part.test(answer.text),
  )
  if (missing !== undefined) return `no ${String(missing)} in ${answer.text.slice(0, 300)}`
  if (rule.lacks !== undefined && answer.text.includes(rule.lacks)) return `${rule.lacks} in the answer`
  if (rule.lines && answer.text.split('\n').toSorted().join('\n') !== rule.lines.toSorted().join('\n'))
    return `lines ${JSON.stringify(answer.text)}`
  return undefined
}
