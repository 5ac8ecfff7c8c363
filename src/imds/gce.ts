import { json, notFound, onlyMethods, refuse, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer, ImdsContext, ImdsRequest } from './cloud.ts'
import { netmask, subnetOf, uuidFrom } from './derived.ts'
import type { InstanceDocument } from './document.ts'
import { listing, namesIn, nodeAt } from './tree.ts'
import type { Tree } from './tree.ts'

const DOCS = 'https://cloud.google.com/compute/docs/metadata'
const FLAVOR = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' }
const KEPT = 'guest-attributes/'

/** Compute Engine. Every request must carry `Metadata-Flavor: Google`, every answer does. */
export default defineCloud({
  name: 'gce',
  title: 'Google Compute Engine',
  datasource: 'GCE',
  cloudId: 'gce',
  sources: [`${DOCS}/querying-metadata`, `${DOCS}/predefined-metadata-keys`, `${DOCS}/manage-guest-attributes`],
  endpoints: [METADATA_ENDPOINT],
  hostNames: ['metadata.google.internal', 'metadata'],
  userDataLimit: 262_144,
  vendorData: false,
  ids: (seed) => ({ id: String(Buffer.from(seed).readBigUInt64BE() >> 1n), uuid: uuidFrom(seed) }),
  dmi: ({ uuid }) => ({
    sys_vendor: 'Google',
    product_name: 'Google Compute Engine',
    product_serial: `GoogleCloud-${uuid.replaceAll('-', '').toUpperCase()}`,
    product_uuid: uuid,
  }),

  guard(request) {
    // The root answers without the header: that is how a client finds out where it is.
    if (request.path === '/' && request.method === 'GET') return undefined
    if (request.headers['x-forwarded-for'] !== undefined) return refuse(403, 'Forbidden', FLAVOR)
    if (request.headers['metadata-flavor'] !== 'Google')
      return refuse(403, 'Missing required header "Metadata-Flavor": "Google"', FLAVOR)
    return /\/instance\/guest-attributes\/./.test(request.path)
      ? onlyMethods(request, 'GET', 'PUT', 'DELETE')
      : onlyMethods(request, 'GET', 'HEAD')
  },

  answer(request, context) {
    const [root, version, ...names] = namesIn(request.path)
    if (root === undefined) return text('computeMetadata/\n', FLAVOR)
    if (root !== 'computeMetadata' || (version !== undefined && version !== 'v1'))
      return { ...notFound(), headers: FLAVOR }
    if (version === undefined) return text('v1/\n', FLAVOR)
    if (names[0] === 'instance' && names[1] === 'guest-attributes')
      return guestAttributes(request, context, names.slice(2))
    return read(request, tree(context.document), names)
  },
})

function read(request: ImdsRequest, whole: Tree, names: readonly string[]): Answer {
  const node = nodeAt(whole, names)
  if (node === undefined) return { ...notFound(), headers: { ...FLAVOR, 'content-type': 'text/html; charset=UTF-8' } }
  if (typeof node === 'string') return text(node, { ...FLAVOR, 'content-type': 'application/text' })
  if (!request.path.endsWith('/'))
    return {
      status: 301,
      headers: {
        ...FLAVOR,
        location: `${request.path}/${request.query.size > 0 ? `?${request.query.toString()}` : ''}`,
      },
    }
  const recursive = request.query.get('recursive')?.toLowerCase() === 'true'
  if (!recursive) return text(`${listing(node)}\n`, { ...FLAVOR, 'content-type': 'application/text' })
  return json(camelCased(node, names.at(-1) === 'attributes'), FLAVOR)
}

/** Keys of the recursive form are in camel case, but for the attributes, which users name. */
function camelCased(node: Tree, keep = false): unknown {
  return Object.fromEntries(
    Object.entries(node).map(([name, child]) => [
      keep ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      typeof child === 'object' ? camelCased(child, name === 'attributes') : child,
    ]),
  )
}

/** Values the guest may leave, when its metadata allow that. */
function guestAttributes(request: ImdsRequest, { document, kept }: ImdsContext, names: readonly string[]): Answer {
  if (document.tags['enable-guest-attributes']?.toUpperCase() !== 'TRUE')
    return refuse(403, 'Guest attributes endpoint access is disabled.', FLAVOR)
  const name = `${KEPT}${names.join('/')}`
  if (request.method === 'PUT')
    return names.length === 2
      ? { ...text('', FLAVOR), keep: { name, value: request.body } }
      : refuse(400, 'Bad Request', FLAVOR)
  const value = kept.get(name)
  return value === undefined ? { ...notFound(), headers: FLAVOR } : text(value, FLAVOR)
}

function tree(document: InstanceDocument): Tree {
  const {
    id,
    hostname,
    instanceType,
    region,
    zone,
    account,
    imageId,
    nics,
    sshKeys,
    user,
    tags,
    userData,
    userDataBase64,
  } = document
  const number = '123456789012'
  return {
    instance: {
      attributes: {
        ...tags,
        ...(sshKeys.length > 0 ? { 'ssh-keys': sshKeys.map((key) => `${user}:${key}`).join('\n') } : {}),
        ...(userData === undefined ? {} : { 'user-data': userData }),
        ...(userData !== undefined && userDataBase64 ? { 'user-data-encoding': 'base64' } : {}),
      },
      'cpu-platform': 'Intel Broadwell',
      hostname: `${hostname}.${zone}.c.${account}.internal`,
      id,
      image: `projects/debian-cloud/global/images/${imageId}`,
      'machine-type': `projects/${number}/machineTypes/${instanceType}`,
      name: hostname,
      'network-interfaces': Object.fromEntries(
        nics.map(({ mac, ipv4 }, index) => [
          String(index),
          {
            ip: ipv4.address,
            mac,
            subnetmask: netmask(ipv4.prefix),
            network: `projects/${number}/networks/default`,
            mtu: '1460',
            ...(ipv4.gateway ? { gateway: ipv4.gateway } : {}),
            'ip-aliases': Object.fromEntries(
              (ipv4.secondary ?? []).map((alias, at) => [String(at), subnetOf(alias, 32)]),
            ),
          },
        ]),
      ),
      zone: `projects/${number}/zones/${zone}`,
      region: `projects/${number}/regions/${region}`,
    },
    project: { attributes: {}, 'numeric-project-id': number, 'project-id': account },
  }
}
