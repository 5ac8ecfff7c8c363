import { regression } from '../../../src/testing/index.ts'
import { addressesOf, cardOf, metadataOf, renderedNetwork } from './probes/cloud.ts'

const SOURCE = 'https://docs.cloud-init.io/en/latest/reference/network-config.html'

/** Datasources that set up more than the first address of the first card from metadata. */
const SECOND_CARD = ['ec2', 'azure', 'openstack', 'digitalocean', 'vultr', 'nocloud-net']
const MORE_ADDRESSES = ['ec2', 'azure', 'openstack', 'digitalocean', 'vultr', 'nocloud-net']
const IPV6 = ['ec2', 'azure', 'openstack', 'hetzner', 'digitalocean', 'nocloud-net']

const OWN = {
  instance: 'own',
  group: 'ds-net',
  userData: '#cloud-config\nwrite_files:\n  - path: /var/lib/harness-plain\n    content: plain\n',
  cloud: { nics: 2, secondaryAddresses: 1, ipv6: true },
} as const

regression(
  'reg-ds-net-primary',
  {
    title: 'the first card has the address of the metadata and the default route',
    because: 'the cloud drops what comes from another address',
    source: SOURCE,
    severity: 'blocker',
    fix: 'compare the network configuration of cloud-init with `cloud-init query ds`',
    applies: { identities: 'any' },
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const { instance, expect } = context
    const [first] = document.nics
    const card = await cardOf(instance, first?.mac)
    expect(await addressesOf(instance), 'addresses').toContain(`${card} ${first?.ipv4.address}/${first?.ipv4.prefix}`)
    // The leases of QEMU name no router where the guest may reach nothing but its services.
    if (context.cell.platform !== 'qemu') {
      const route = await instance.sh`ip route show default`
      expect(route, 'default route').toContain(`via ${first?.ipv4.gateway} dev ${card}`)
    }
    expect((await renderedNetwork(instance)).toLowerCase(), 'configuration').toContain(card)
  },
)

regression(
  'reg-ds-net-two-cards',
  {
    title: 'a second card is set up as the metadata say, and the default route stays with the first',
    because: 'answers that leave by the wrong card are dropped',
    source: SOURCE,
    severity: 'major',
    fix: 'compare the network configuration of cloud-init with `cloud-init query ds`',
    applies: { identities: SECOND_CARD },
    ...OWN,
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const { instance, expect } = context
    const [first, second] = document.nics
    const card = await cardOf(instance, second?.mac)
    // The boot waits for one card only; the lease of another may come a moment later.
    await instance.root.run(
      `for second in $(seq 30); do ip -o address show dev ${card} | grep -qF ' ${second?.ipv4.address}/' && break; sleep 1; done`,
      { deadline: '60 seconds' },
    )
    expect(await addressesOf(instance), 'addresses').toContain(`${card} ${second?.ipv4.address}/${second?.ipv4.prefix}`)
    // OpenStack gives cards no rank: of two leases with a default route either may win.
    if (document.cloud === 'openstack') return
    const [route = ''] = (await instance.sh`ip route show default`).split('\n').sort((a, b) => metric(a) - metric(b))
    expect(route, 'the preferred default route').toContain(`dev ${await cardOf(instance, first?.mac)}`)
  },
)

regression(
  'reg-ds-net-secondary',
  {
    title: 'further addresses of the first card are set up as the metadata say',
    because: 'the cloud has reserved them, and services are announced on them',
    source: SOURCE,
    severity: 'major',
    fix: 'compare the network configuration of cloud-init with `cloud-init query ds`',
    applies: { identities: MORE_ADDRESSES },
    ...OWN,
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const [first] = document.nics
    const [address = ''] = first?.ipv4.secondary ?? []
    context
      .expect(
        (await addressesOf(context.instance)).map((one) => one.replace(/\/\d+$/, '')),
        'addresses',
      )
      .toContain(`${await cardOf(context.instance, first?.mac)} ${address}`)
  },
)

regression(
  'reg-ds-net-ipv6',
  {
    title: 'the IPv6 address of the metadata is set up',
    because: 'where IPv4 addresses cost money, machines are reached by IPv6',
    source: SOURCE,
    severity: 'major',
    fix: 'compare the network configuration of cloud-init with `cloud-init query ds`',
    applies: { identities: IPV6 },
    ...OWN,
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const [first] = document.nics
    const [address = ''] = first?.ipv6?.addresses ?? []
    const card = await cardOf(context.instance, first?.mac)
    const found = (await addressesOf(context.instance)).map((one) => one.replace(/\/\d+$/, ''))
    const rendered = await renderedNetwork(context.instance)
    // By DHCP the address may come a moment later than everything else; then the request for it is what counts.
    context
      .expect(found.includes(`${card} ${address}`) || /dhcp6: true/.test(rendered), `${found.join(', ')}\n${rendered}`)
      .toBe(true)
  },
)

regression(
  'reg-ds-data-plain',
  {
    title: 'plain cloud-config from the metadata service is carried out',
    because: 'it is the usual form, and everything else builds on it',
    source: 'https://docs.cloud-init.io/en/latest/explanation/format.html',
    severity: 'blocker',
    fix: 'look at /var/lib/cloud/instance/user-data.txt',
    applies: { identities: 'any' },
    ...OWN,
  },
  async ({ instance, expect }) => {
    expect((await instance.root.readFile('/var/lib/harness-plain')).trim()).toBe('plain')
  },
)

function metric(route: string): number {
  return Number(/metric (\d+)/.exec(route)?.[1] ?? 0)
}
