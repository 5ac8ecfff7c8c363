import { notFound, onlyMethods, text } from './answers.ts'
import { defineCloud, LINK_LOCAL, METADATA_ENDPOINT } from './cloud.ts'
import { userDataBytes, uuidFrom } from './derived.ts'
import type { InstanceDocument } from './document.ts'

const FOLDER = '/nocloud/'

/** Address of the seed. It ends with a slash: file names are added to it. */
export const SEED = `http://${LINK_LOCAL}${FOLDER}`

/** NoCloud over the network: a folder with a file for each kind of data on any web server. */
export default defineCloud({
  name: 'nocloud-net',
  title: 'NoCloud over the network',
  datasource: 'NoCloud',
  cloudId: 'nocloud',
  sources: ['https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html'],
  endpoints: [METADATA_ENDPOINT],
  userDataLimit: 1_048_576,
  vendorData: true,
  ids: (seed) => ({ id: `nocloud-${Buffer.from(seed).toString('hex').slice(0, 12)}`, uuid: uuidFrom(seed) }),
  dmi: ({ uuid }) => ({
    sys_vendor: 'QEMU',
    product_name: 'Standard PC',
    product_uuid: uuid,
    product_serial: `ds=nocloud-net;s=${SEED}`,
  }),

  guard: (request) => onlyMethods(request, 'GET', 'HEAD'),

  answer(request, { document }) {
    if (!request.path.startsWith(FOLDER)) return notFound()
    const file = request.path.slice(FOLDER.length)
    const userData = userDataBytes(document)
    if (file === 'meta-data') return text(metaData(document))
    if (file === 'user-data') return text(userData ?? '')
    // An empty file, because guests ask ten times for one that is not there.
    if (file === 'vendor-data') return text(document.vendorData ?? '')
    return file === 'network-config' ? text(networkConfig(document)) : notFound()
  },
})

function metaData({ id, hostname, sshKeys }: InstanceDocument): string {
  return `${JSON.stringify({ 'instance-id': id, 'local-hostname': hostname, 'public-keys': sshKeys }, undefined, 2)}\n`
}

function networkConfig({ nics, dns }: InstanceDocument): string {
  const ethernets = Object.fromEntries(
    nics.map(({ mac, ipv4, ipv6 }, index) => {
      const addresses = [
        ...(ipv4.secondary ?? []).map((address) => `${address}/${ipv4.prefix}`),
        ...(ipv6?.addresses ?? []).map((address) => `${address}/${ipv6?.prefix}`),
      ]
      return [
        `eth${index}`,
        {
          match: { macaddress: mac },
          'set-name': `eth${index}`,
          dhcp4: true,
          // Both leases have a default route; the one of the first card is to win.
          ...(index > 0 ? { 'dhcp4-overrides': { 'route-metric': 100 * (index + 1) } } : {}),
          ...(addresses.length > 0 ? { addresses } : {}),
          ...(index === 0 ? { nameservers: { addresses: dns } } : {}),
        },
      ]
    }),
  )
  return `${JSON.stringify({ version: 2, ethernets }, undefined, 2)}\n`
}
