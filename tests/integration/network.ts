import { refreshArchive, regression, withMirrorRetries } from '../../src/testing/index.ts'
import { archiveHosts } from './probes/archives.ts'
import { activeRenderers, configuredFiles } from './probes/renderers.ts'

regression(
  'reg-net-dns',
  {
    title: 'names resolve',
    because: 'an image without DNS cannot reach its archive; a stale resolv.conf of the builder is the usual reason',
    source: 'https://man7.org/linux/man-pages/man5/resolv.conf.5.html',
    severity: 'major',
    fix: 'compare /etc/resolv.conf with what DHCP gave; it should be a link of the resolver in use',
  },
  async ({ instance, expect }) => {
    const hosts = [...new Set(await archiveHosts(instance))].slice(0, 3)
    expect(hosts, 'host names of the configured archives').not.toEqual([])
    const servers = await instance.sh`grep -E '^nameserver' /etc/resolv.conf; :`
    expect(servers, 'name servers in /etc/resolv.conf').toMatch(/^nameserver \S+/)
    const results = await Promise.all(
      hosts.map(async (host) => ({
        host,
        ...(await instance.run(['getent', 'hosts', host], { deadline: '20 seconds' })),
      })),
    )
    expect(
      results.filter((result) => result.exitCode !== 0).map((result) => result.host),
      'names that do not resolve',
    ).toEqual([])
  },
)

regression(
  'reg-net-render',
  {
    title:
      'cloud-init wrote network configuration for the network manager that runs, and the interface has the address it asks for',
    because: 'configuration for another renderer works until the next reboot or the next lease',
    source: 'https://docs.cloud-init.io/en/latest/reference/network-config.html#network-output-policy',
    severity: 'major',
    fix: 'set system_info.network.renderers in /etc/cloud, or enable the service that reads the file',
  },
  async ({ instance, expect, skip }) => {
    const renderers = await activeRenderers(instance)
    expect(renderers, 'network managers that are active').not.toEqual([])
    const written = await configuredFiles(instance)
    if (written.length === 0) skip('network configuration by cloud-init is switched off')
    expect(
      written.some((file) => renderers.includes(file.renderer)),
      `cloud-init wrote ${written.map((file) => file.path).join(', ')}; running: ${renderers.join(', ')}`,
    ).toBe(true)
    const addresses = await instance.sh`ip -o -4 address show scope global; ip -o -6 address show scope global`
    expect(addresses, 'global addresses').toMatch(/\binet6?\b/)
    const route = await instance.sh`ip route show default; ip -6 route show default`
    expect(route, 'default routes').toMatch(/^default /m)
  },
)

regression(
  'reg-net-no-leftover',
  {
    title: 'the primary interface has one address per family and one DHCP client',
    because: 'the address cloud-init took to ask the metadata service must not stay beside the real one',
    source: 'cloud-init summit notes of August 2023 (Alpine: temporary interfaces are not taken down)',
    severity: 'major',
    fix: 'find who holds the second lease: `ip address`, /run/systemd/netif/leases, running dhclient or dhcpcd',
  },
  async ({ instance, expect }) => {
    const listed = await instance.sh`ip -o -4 address show scope global`
    const perInterface = Map.groupBy(
      listed
        .split('\n')
        .filter(Boolean)
        .map((line) => line.trim().split(/\s+/)),
      (words) => words[1] ?? '',
    )
    expect(perInterface.size, 'interfaces with a global address').toBeGreaterThan(0)
    const doubled = [...perInterface]
      .filter(([, addresses]) => addresses.length > 1)
      .map(([name, addresses]) => `${name}: ${addresses.map((words) => words[3]).join(' ')}`)
    expect(doubled, 'interfaces with more than one address').toEqual([])
    const clients = await instance.root
      .sh`for p in /proc/[0-9]*; do tr '\0' ' ' < $p/cmdline 2>/dev/null; echo; done | grep -E '^\S*(dhclient|dhcpcd|udhcpc) ' | grep -v 'dhcpcd: ' | sort; :`
    expect(clients.split('\n').filter(Boolean).length, `DHCP clients that run: ${clients}`).toBeLessThanOrEqual(1)
    const renderers = await activeRenderers(instance)
    const owners = [
      clients === '' ? '' : 'client',
      renderers.includes('networkd') ? 'networkd' : '',
      renderers.includes('network-manager') ? 'NetworkManager' : '',
    ]
    expect(
      owners.filter(Boolean).length,
      `who asks for leases: ${owners.filter(Boolean).join(', ')}`,
    ).toBeLessThanOrEqual(1)
  },
)

regression(
  'reg-pkg-cycle',
  {
    title: 'the archive can be refreshed, and a package installed and removed',
    because: 'it is the first thing users do, and a broken post-install step or a left policy-rc.d shows only here',
    source:
      'https://github.com/microsoft/lisa (verify_package_install_remove) and https://github.com/SUSE-Enceladus/img-proof (test_refresh)',
    severity: 'major',
    disruptive: true,
    warm: true,
    timeoutMs: 240_000,
    fix: 'run the package manager by hand; trouble with the archive itself is reported as not judged',
  },
  async ({ instance, expect, skip, signal }) => {
    const name = 'tree'
    const before = await instance.packages.list()
    if (before.has(name)) skip(`the package ${name} is part of the image`)
    // Trouble with the archive is nobody's verdict on the image: it ends as PlatformError, so as not judged.
    await refreshArchive(instance, { deadlineMs: 90_000, signal })
    await withMirrorRetries({ what: `install ${name}`, deadlineMs: 90_000, signal }, () =>
      instance.packages.install(name, { signal }),
    )
    expect((await instance.probe`tree --version`).exitCode, 'exit code of the program installed').toBe(0)
    await instance.packages.remove(name, { signal })
    const after = await instance.packages.list()
    expect(
      [...after.keys()].filter((key) => !before.has(key)),
      'packages that stayed',
    ).toEqual([])
    expect(
      [...before.keys()].filter((key) => !after.has(key)),
      'packages that were lost',
    ).toEqual([])
  },
)
