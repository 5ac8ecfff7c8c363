import { json, notFound, onlyMethods, refuse, text } from './answers.ts'
import { provisioningDisc } from './azure-disc.ts'
import { wireAnswer, wireGuard, WIRE_ADDRESS } from './azure-wire.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer, ImdsRequest } from './cloud.ts'
import { subnetOf, userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument, Nic } from './document.ts'
import { namesIn } from './tree.ts'

/** Documented versions of the instance endpoint, oldest first. User-data came with 2021-01-01. */
const VERSIONS = [
  '2017-03-01',
  '2017-04-02',
  '2017-08-01',
  '2017-12-01',
  '2018-02-01',
  '2018-10-01',
  '2019-02-01',
  '2019-03-11',
  '2019-06-01',
  '2019-08-01',
  '2020-06-01',
  '2020-09-01',
  '2021-01-01',
  '2021-02-01',
  '2021-08-01',
  '2021-11-01',
]
const SERVER = { server: 'IMDS/150.870.65.1854' }

/** Azure: the metadata service, and the wire server to which a guest reports that it is ready. */
export default defineCloud({
  name: 'azure',
  title: 'Microsoft Azure',
  datasource: 'Azure',
  cloudId: 'azure',
  sources: [
    'https://learn.microsoft.com/en-us/azure/virtual-machines/instance-metadata-service',
    'https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16',
    'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/no-agent',
  ],
  endpoints: [METADATA_ENDPOINT, { name: 'wire', address: WIRE_ADDRESS }],
  userDataLimit: 65_536,
  vendorData: false,
  ids: (seed) => ({ id: uuidFrom(seed), uuid: uuidFrom(seed) }),
  dmi: ({ uuid }) => ({
    sys_vendor: 'Microsoft Corporation',
    product_name: 'Virtual Machine',
    product_uuid: uuid,
    product_serial: '0000-0000-0000-0000-0000-0000-00',
    chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77',
  }),
  disc: provisioningDisc,
  // Option 245 names the wire server; option 121 has the routes by which a guest knows its primary card.
  dhcpOptions: (gateway) => [
    `option-force=245,${WIRE_ADDRESS.split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join(':')}`,
    `option-force=121,0.0.0.0/0,${gateway},${WIRE_ADDRESS}/32,${gateway},169.254.169.254/32,${gateway}`,
  ],

  guard(request) {
    if (request.endpoint === 'wire') return wireGuard(request)
    const method = onlyMethods(request, 'GET')
    if (method) return method
    if (request.headers['x-forwarded-for'] !== undefined) return bad('Bad request. X-Forwarded-For is not allowed')
    if (request.headers.metadata?.toLowerCase() !== 'true')
      return bad('Bad request. Required metadata header not specified')
    if (request.path === '/metadata/versions') return undefined
    const version = request.query.get('api-version')
    if (!version)
      return bad('Bad request. api-version was not specified in the request', {
        'newest-versions': VERSIONS.slice(-3).reverse(),
      })
    return VERSIONS.includes(version)
      ? undefined
      : bad('Bad request. api-version is invalid or not supported', { 'newest-versions': VERSIONS.slice(-3).reverse() })
  },

  answer(request, context) {
    if (request.endpoint === 'wire') return wireAnswer(request, context)
    const [root, category, ...names] = namesIn(request.path)
    if (root !== 'metadata') return notFound()
    if (category === 'versions' && names.length === 0) return json({ apiVersions: VERSIONS }, SERVER)
    return category === 'instance' ? instance(request, context.document, names) : notFound()
  },
})

function bad(error: string, more: object = {}): Answer {
  return { ...json({ error, ...more }, SERVER), status: 400 }
}

/** A part of the document by its path; a folder is JSON only, a leaf text only. */
function instance(request: ImdsRequest, document: InstanceDocument, names: readonly string[]): Answer {
  const version = request.query.get('api-version') ?? ''
  const extended = request.query.get('extended') === 'true'
  let node: unknown = {
    ...metadata(document, version),
    ...(extended ? { extended: { compute: { hasCustomData: false, ppsType: 'None' } } } : {}),
  }
  for (const name of names) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name))
      return { ...json({ error: 'Not found' }, SERVER), status: 404 }
    node = (node as Record<string, unknown>)[name]
  }
  const format = request.query.get('format')
  if (typeof node === 'string') return format === 'text' ? text(node, SERVER) : json(node, SERVER)
  return format === 'text'
    ? refuse(400, 'Bad request. format=text is for single values', SERVER)
    : json(node, { ...SERVER, 'content-type': 'application/json; charset=utf-8' })
}

/** All values are strings, as the service has them. */
function metadata(document: InstanceDocument, version: string) {
  const { uuid, hostname, instanceType, region, zone, imageId, account, user, sshKeys, tags, nics } = document
  const userData = userDataBytes(document)
  const profile =
    version >= '2020-06-01'
      ? {
          osProfile: {
            adminUsername: user,
            computerName: hostname,
            disablePasswordAuthentication: String(document.password === undefined),
          },
        }
      : {}
  return {
    compute: {
      azEnvironment: 'AzurePublicCloud',
      location: region,
      name: hostname,
      offer: imageId,
      osType: 'Linux',
      ...profile,
      placementGroupId: '',
      platformFaultDomain: '0',
      platformUpdateDomain: '0',
      provider: 'Microsoft.Compute',
      publicKeys: sshKeys.map((keyData) => ({ keyData, path: `/home/${user}/.ssh/authorized_keys` })),
      publisher: 'Debian',
      resourceGroupName: 'example',
      resourceId: `/subscriptions/${account}/resourceGroups/example/providers/Microsoft.Compute/virtualMachines/${hostname}`,
      sku: 'example',
      subscriptionId: account,
      tags: Object.entries(tags)
        .map(([name, value]) => `${name}:${value}`)
        .join(';'),
      ...(version >= '2021-01-01' ? { userData: userData?.toString('base64') ?? '' } : {}),
      version: '1.0.0',
      vmId: uuid,
      vmSize: instanceType,
      zone,
    },
    network: { interface: nics.map(card) },
  }
}

function card({ mac, ipv4, ipv6 }: Nic) {
  const [network = '', prefix = ''] = subnetOf(ipv4.address, ipv4.prefix).split('/')
  return {
    ipv4: {
      ipAddress: [ipv4.address, ...(ipv4.secondary ?? [])].map((privateIpAddress, index) => ({
        privateIpAddress,
        publicIpAddress: index === 0 ? (ipv4.public ?? '') : '',
      })),
      subnet: [{ address: network, prefix }],
    },
    ipv6: {
      ipAddress: (ipv6?.addresses ?? []).map((privateIpAddress) => ({ privateIpAddress })),
      ...(ipv6 ? { subnet: [{ address: ipv6.addresses[0], prefix: String(ipv6.prefix) }] } : {}),
    },
    macAddress: mac.replaceAll(':', '').toUpperCase(),
  }
}
