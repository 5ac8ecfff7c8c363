import { policy, wanted } from '../../src/testing/index.ts'

const GUIDE = 'https://docs.openstack.org/image-guide/openstack-images.html'

policy(
  'net-dhcp-default',
  {
    title: 'the network comes up by itself, with no address of the image',
    because: 'a static address is right on one network only: that of the builder',
    source:
      'https://cloud.google.com/compute/docs/images/building-custom-os; https://github.com/microsoft/lisa, verify_network_file_configuration',
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'remove static addresses from the shipped configuration',
  },
  ({ facts, expect, phase }) => {
    if (phase === 'rest') {
      expect(
        facts.staticAddresses.map(({ file, line }) => `${file}: ${line}`),
        'static addresses',
      ).toEqual([])
      return
    }
    const own = facts.addresses.filter(({ interface: nic, scope }) => nic !== 'lo' && scope === 'global')
    expect(
      own.map(({ interface: nic, address }) => `${nic} ${address}`),
      'addresses besides loopback',
    ).not.toEqual([])
    expect(
      facts.routes
        .filter(({ destination }) => destination === 'default')
        .map(({ gateway, interface: nic }) => `${gateway ?? ''} ${nic ?? ''}`),
      'default routes',
    ).not.toEqual([])
  },
)

policy(
  'net-single-renderer',
  {
    title: 'at most one network manager starts at boot',
    because: 'two managers fight over one interface, and the one that loses waits two minutes at every boot',
    source:
      'https://docs.cloud-init.io/en/latest/reference/network-config.html, renderers; systemd-networkd-wait-online.service(8)',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'disable all but one of networking, systemd-networkd and NetworkManager',
  },
  ({ facts, expect, phase }) => {
    const renderers = facts.networkRenderers.filter((name) => name !== 'dhcpcd')
    expect(
      renderers.length,
      `network managers that start at boot: ${renderers.join(', ') || 'none'}`,
    ).toBeLessThanOrEqual(1)
    // netplan enables networkd while it boots, so a root at rest may show none.
    if (phase !== 'rest') expect(facts.networkRenderers, 'network managers that start at boot').not.toEqual([])
  },
)

policy(
  'net-ipv6-policy',
  {
    title: 'IPv6 is not switched off',
    because: 'networks without IPv4 exist, and software breaks where ::1 is missing',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016: disabling IPv6 must be documented',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    fix: 'remove net.ipv6.conf.*.disable_ipv6 and ipv6.disable=1',
  },
  (context) => {
    if (wanted(context, 'ipv6') === 'any') context.skip('the policy leaves IPv6 open')
    const { facts, expect, phase } = context
    if (phase === 'rest') {
      const set = facts.sysctlSettings.filter(
        ({ key, value }) => /^net\.ipv6\.conf\.(all|default)\.disable_ipv6$/.test(key) && value !== '0',
      )
      expect(
        set.map(({ file, key, value }) => `${file}: ${key}=${value}`),
        'settings that switch IPv6 off',
      ).toEqual([])
      expect(
        facts.loader.arguments.filter((word) => /^ipv6\.disable=1/.test(word)),
        'arguments of the loader',
      ).toEqual([])
      return
    }
    const off = ['all', 'default'].filter(
      (name) => !['0', undefined].includes(facts.sysctls[`net.ipv6.conf.${name}.disable_ipv6`]),
    )
    expect(
      off.map((name) => `net.ipv6.conf.${name}.disable_ipv6=${facts.sysctls[`net.ipv6.conf.${name}.disable_ipv6`]}`),
      'switches that are not 0',
    ).toEqual([])
    if (facts.sysctls['net.ipv6.conf.all.disable_ipv6'] !== undefined) return
    if (facts.system.container) context.skip('the kernel of the host has no IPv6')
    expect(
      facts.addresses.filter(({ family }) => family === 'ipv6').map(({ address }) => address),
      'IPv6 addresses; the kernel has no switch for IPv6',
    ).not.toEqual([])
  },
)

policy(
  'net-hosts-localhost',
  {
    title: 'localhost resolves without a name server',
    because: 'software that talks to itself must work while the network is down',
    source: 'hosts(5); RFC 6761, section 6.3; https://github.com/osbuild/cloud-image-val, test_ipv_localhost',
    severity: 'minor',
    phase: 'first-boot',
    fix: 'write 127.0.0.1 localhost and ::1 localhost into /etc/hosts',
  },
  ({ facts, expect }) => {
    const listed = facts.hosts.lines.flatMap((line) => {
      const [address = '', ...names] = line.split(/\s+/)
      return names.includes('localhost') ? [address] : []
    })
    expect(facts.hosts.exists, '/etc/hosts exists').toBe(true)
    expect(listed, 'addresses of localhost in /etc/hosts').toContain('127.0.0.1')
    expect(facts.hosts.localhost ?? [], 'addresses localhost resolves to').toSatisfy((all: string[]) =>
      all.some((address) => address === '::1' || address.startsWith('127.')),
    )
  },
)

policy(
  'net-ifnames',
  {
    title: 'interface names follow the default scheme',
    because: 'documentation and user-data count on the names of the release',
    source: 'systemd.net-naming-scheme(7); https://github.com/osbuild/cloud-image-val, test_net_ifnames_usage',
    severity: 'minor',
    phase: 'rest',
    applies: { ownKernel: true, notPlatforms: ['azure'] },
    fix: 'remove net.ifnames=0 and biosdevname=0 from the kernel command line',
  },
  ({ facts, expect }) => {
    expect(
      facts.loader.arguments.filter((word) => /^(net\.ifnames|biosdevname)=/.test(word)),
      'arguments of the loader',
    ).toEqual([])
  },
)

policy(
  'net-firewall',
  {
    title: 'the firewall of the host is as the platform expects it',
    because: 'platforms filter outside the instance; a second filter inside hides why a port is closed',
    source: `${GUIDE}, "Disable firewall"`,
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'systemctl disable nftables ufw firewalld, or record the policy as "on"',
  },
  (context) => {
    const { facts, expect, phase } = context
    const policyOf = wanted(context, 'firewall')
    if (policyOf === 'any') context.skip('the policy leaves the firewall open')
    const { enabled, rules } = facts.firewall
    if (policyOf === 'on') return expect(enabled, 'firewall services that start at boot').not.toEqual([])
    expect(enabled, 'firewall services that start at boot').toEqual([])
    if (phase === 'rest') return
    const blocking = rules.filter((line) =>
      /\b(drop|reject)\b|policy drop|-P (INPUT|FORWARD) DROP|-j (DROP|REJECT)/i.test(line),
    )
    expect(
      blocking.map((line) => line.trim()),
      'rules that block',
    ).toEqual([])
  },
)

policy(
  'net-listeners',
  {
    title: 'only expected ports are open to the network',
    because: 'each listener is reachable by everybody before anyone logged in',
    source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/security, TestSockets',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'disable the service, or bind it to loopback',
  },
  (context) => {
    const allowed = wanted(context, 'listeners')
    const open = context.facts.listeners.filter(
      ({ global, protocol, port, address }) =>
        global && ![`${protocol}/${port}`, `${protocol}/${port} on ${address}`].some((name) => allowed.includes(name)),
    )
    context
      .expect(
        [
          ...new Set(
            open.map(
              ({ protocol, address, port, process }) =>
                `${protocol}/${port} on ${address}${process === undefined ? '' : ` (${process})`}`,
            ),
          ),
        ],
        'other listeners',
      )
      .toEqual([])
  },
)

policy(
  'net-dns-configured',
  {
    title: 'a running instance has a name server',
    because: 'without one no archive and no metadata service by name is reachable',
    source: `${GUIDE}; resolv.conf(5)`,
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'let the network manager own /etc/resolv.conf: a link to /run/systemd/resolve, or resolvconf',
  },
  ({ facts, expect }) => {
    expect(facts.dns.exists, '/etc/resolv.conf exists').toBe(true)
    expect(
      facts.dns.servers,
      `name servers in /etc/resolv.conf${facts.dns.link === undefined ? '' : `, a link to ${facts.dns.link}`}`,
    ).not.toEqual([])
  },
)
