import { json, notFound, onlyMethods, refuse, text } from './answers.ts'
import { defineCloud, METADATA_ENDPOINT } from './cloud.ts'
import type { Answer } from './cloud.ts'
import { subnetOf, userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument } from './document.ts'
import { namesIn } from './tree.ts'

const SERVER = { server: 'nginx' }

/** Oracle Cloud: version 2 with its header, version 1 unless it is switched off. */
export default defineCloud({
  name: 'oracle',
  title: 'Oracle Cloud Infrastructure',
  datasource: 'Oracle',
  cloudId: 'oracle',
  sources: ['https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/gettingmetadata.htm'],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 24_000,
  vendorData: false,
  ids: (seed) => ({
    id: `ocid1.instance.oc1.eu-frankfurt-1.a${Buffer.from(seed).toString('hex').slice(0, 59)}`,
    uuid: uuidFrom(seed),
  }),
  dmi: ({ uuid }) => ({
    sys_vendor: 'QEMU',
    product_name: 'Standard PC (i440FX + PIIX, 1996)',
    product_uuid: uuid,
    chassis_asset_tag: 'OracleCloud.com',
  }),

  guard(request, { document }) {
    const method = onlyMethods(request, 'GET', 'HEAD')
    if (method) return method
    const [root, version] = namesIn(request.path)
    if (root !== 'opc') return undefined
    if (version === 'v2') {
      const { headers } = request
      // Documented as rejected; the status is an assumption.
      if (headers.forwarded ?? headers['x-forwarded-for'] ?? headers['x-forwarded-host'])
        return refuse(403, 'Forbidden', SERVER)
      return headers.authorization === 'Bearer Oracle' ? undefined : refuse(403, 'Forbidden', SERVER)
    }
    return version === 'v1' && document.tokensRequired ? notFound() : undefined
  },

  answer(request, { document }) {
    const [root, version, file, ...names] = namesIn(request.path)
    if (root !== 'opc' || (version !== 'v1' && version !== 'v2')) return notFound()
    if (file === undefined) return text('instance/\nvnics/\n', SERVER)
    if (file === 'instance') return part(instance(document), names)
    if (file === 'vnics') return part(vnics(document), names)
    return notFound()
  },
})

/** A value of the document by its path: text for a single value, JSON for the rest. */
function part(whole: unknown, names: readonly string[]): Answer {
  let node = whole
  for (const name of names) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return notFound()
    node = (node as Record<string, unknown>)[name]
  }
  return typeof node === 'string' || typeof node === 'number' || typeof node === 'boolean'
    ? text(`${node}`, SERVER)
    : json(node, SERVER)
}

function instance(document: InstanceDocument) {
  const { id, hostname, region, zone, account, imageId, instanceType, sshKeys, tags } = document
  const userData = userDataBytes(document)
  return {
    agentConfig: { monitoringDisabled: true, managementDisabled: true },
    availabilityDomain: zone,
    canonicalRegionName: region,
    compartmentId: account,
    displayName: hostname,
    faultDomain: 'FAULT-DOMAIN-1',
    hostname,
    id,
    image: imageId,
    metadata: {
      ...(sshKeys.length > 0 ? { ssh_authorized_keys: sshKeys.join('\n') } : {}),
      ...(userData ? { user_data: userData.toString('base64') } : {}),
    },
    ociAdName: zone,
    region,
    shape: instanceType,
    state: 'Running',
    definedTags: {},
    freeformTags: tags,
    timeCreated: Date.UTC(2026, 0, 1),
  }
}

function vnics({ nics }: InstanceDocument) {
  return nics.map(({ mac, ipv4, ipv6 }, index) => ({
    macAddr: mac.toUpperCase(),
    privateIp: ipv4.address,
    ...(ipv6 ? { ipv6Addresses: ipv6.addresses } : {}),
    subnetCidrBlock: subnetOf(ipv4.address, ipv4.prefix),
    ...(ipv4.gateway ? { virtualRouterIp: ipv4.gateway } : {}),
    vlanTag: 1000 + index,
    vnicId: `ocid1.vnic.oc1.eu-frankfurt-1.${mac.replaceAll(':', '')}`,
  }))
}
