import {
  type Mutation,
  atRest,
  azureAtRest,
  azureOnFirstBoot,
  machineAtRest,
  machineOnFirstBoot,
  onFirstBoot,
  pick,
} from './mutation.ts'

const fstab = (source: string, target: string, type = 'ext4') => ({
  source,
  target,
  type,
  options: ['defaults'],
  dump: '0',
  pass: '0',
})

export const SYSTEM: Record<string, Mutation[]> = {
  'prov-os-release': [
    atRest('another distribution', (facts) => (facts.os.id = 'unknown'), {
      alsoFails: ['ci-templates', 'sec-no-remote-logging'],
    }),
    atRest('another release than debian_version', (facts) => (facts.os.releaseFiles['/etc/debian_version'] = '12.5')),
  ],
  'prov-supported': [atRest('an image judged years later', (facts) => (facts.collectedAt = '2031-01-01T00:00:00Z'))],
  'prov-build-stamp': [atRest('no serial', (facts) => (facts.system.buildStamps = {}))],
  'prov-facts-complete': [
    atRest(
      'an unreadable package database',
      (facts) => (facts.unknown.packages = '"packages" is not known: its command exited with 1'),
    ),
  ],
  'boot-files': [machineAtRest('no kernel', (facts) => (facts.bootFiles = []))],
  'boot-serial-console': [
    machineAtRest(
      'no console at rest',
      (facts) => (facts.loader.arguments = facts.loader.arguments.filter((word) => !word.startsWith('console='))),
    ),
    machineOnFirstBoot('no console when running', (facts) => (facts.cmdline = 'root=UUID=1 ro')),
  ],
  'boot-no-quiet': [machineAtRest('quiet', (facts) => facts.loader.arguments.push('quiet'))],
  'boot-loader-timeout': [
    machineAtRest('five seconds', (facts) => (facts.loader.settings['GRUB_TIMEOUT'] = '5')),
    machineAtRest('for ever', (facts) => (facts.loader.settings['GRUB_TIMEOUT'] = '-1')),
  ],
  'boot-azure-cmdline': [
    azureAtRest(
      'no root delay',
      (facts) => (facts.loader.arguments = facts.loader.arguments.filter((word) => word !== 'rootdelay=300')),
    ),
    azureAtRest('a forbidden argument', (facts) => facts.loader.arguments.push('libata.atapi_enabled=0')),
  ],
  'boot-udf-vfat-allowed': [
    atRest('udf blocked by a hardening profile', (facts) =>
      facts.modulesBlocked.push({ file: '/etc/modprobe.d/cis.conf', module: 'udf', how: 'install' }),
    ),
  ],
  'boot-blocklist': [machineAtRest('floppy allowed', (facts) => (facts.modulesBlocked = []))],
  'boot-default-target': [atRest('rescue', (facts) => (facts.defaultTarget = 'rescue.target'))],
  'boot-no-masked-basics': [
    atRest('journald masked', (facts) => (facts.unitFiles['systemd-journald.service'] = 'masked')),
  ],
  'disk-no-swap': [atRest('a swap partition', (facts) => facts.fstab.push(fstab('UUID=5', 'none', 'swap')))],
  'disk-no-active-swap': [
    machineOnFirstBoot('swap in use', (facts) => facts.swaps.push({ name: '/swapfile', type: 'file', sizeKiB: 1024 })),
  ],
  'disk-stable-id': [machineAtRest('root by device name', (facts) => (facts.fstab = [fstab('/dev/sda1', '/')]))],
  'disk-fstab-sane': [
    atRest('a disk of the builder', (facts) => facts.fstab.push(fstab('/dev/sdb1', '/data'))),
    atRest('one mount point twice', (facts) => facts.fstab.push(fstab('UUID=1', '/data'), fstab('UUID=2', '/data'))),
  ],
  'disk-root-growable': [
    atRest(
      'no sfdisk',
      (facts) => delete facts.cloudInit.commands['sfdisk'] && delete facts.cloudInit.commands['sgdisk'],
    ),
  ],
  'net-dhcp-default': [
    atRest('a static address', (facts) =>
      facts.staticAddresses.push({ file: '/etc/network/interfaces', line: 'address 192.0.2.7' }),
    ),
    onFirstBoot(
      'no address',
      (facts) => (facts.addresses = facts.addresses.filter(({ interface: nic }) => nic === 'lo')),
    ),
    onFirstBoot(
      'no default route',
      (facts) => (facts.routes = facts.routes.filter(({ destination }) => destination !== 'default')),
    ),
  ],
  'net-single-renderer': [
    atRest('two network managers', (facts) => (facts.networkRenderers = ['networking', 'systemd-networkd'])),
    onFirstBoot('none', (facts) => (facts.networkRenderers = [])),
  ],
  'net-ipv6-policy': [
    atRest('switched off by a file', (facts) =>
      facts.sysctlSettings.push({ file: '/etc/sysctl.d/no6.conf', key: 'net.ipv6.conf.all.disable_ipv6', value: '1' }),
    ),
    onFirstBoot('switched off in the kernel', (facts) => (facts.sysctls['net.ipv6.conf.all.disable_ipv6'] = '1')),
  ],
  'net-hosts-localhost': [
    onFirstBoot('no hosts file', (facts) => (facts.hosts = { exists: false, lines: [], localhost: ['127.0.0.1'] })),
    onFirstBoot(
      'localhost resolved by a name server to somewhere else',
      (facts) => (facts.hosts.localhost = ['192.0.2.9']),
    ),
  ],
  'net-ifnames': [machineAtRest('old names', (facts) => facts.loader.arguments.push('net.ifnames=0'))],
  'net-firewall': [
    atRest('nftables at boot', (facts) => facts.firewall.enabled.push('nftables')),
    onFirstBoot('rules that drop', (facts) =>
      facts.firewall.rules.push('type filter hook input priority 0; policy drop;'),
    ),
  ],
  'net-listeners': [
    onFirstBoot('rpcbind', (facts) =>
      facts.listeners.push({ protocol: 'tcp', address: '0.0.0.0', port: 111, global: true, process: 'rpcbind' }),
    ),
  ],
  'net-dns-configured': [onFirstBoot('no name server', (facts) => (facts.dns.servers = []))],
  'time-utc': [atRest('Paris', (facts) => (facts.time.zone = 'Europe/Paris'))],
  'time-sync': [machineAtRest('no daemon', (facts) => Object.assign(facts.time, { daemons: [], enabled: [] }))],
  'time-single-daemon': [atRest('two daemons', (facts) => (facts.time.enabled = ['chrony', 'systemd-timesyncd']))],
  'time-platform-source': [
    {
      ...machineOnFirstBoot('public servers only', (facts) => (facts.time.servers = ['0.debian.pool.ntp.org'])),
      place: { platform: 'ec2', boot: 'uefi' },
      facts: ec2,
    },
  ],
  'loc-default': [atRest('no locale', (facts) => delete facts.locale.lang)],
  'loc-default-available': [
    atRest('a locale that was never generated', (facts) => (facts.locale.lang = 'de_DE.UTF-8'), {
      alsoFails: ['loc-default'],
    }),
  ],
  'loc-cloud-cfg-available': [
    atRest('cloud-init told to set a missing locale', (facts) => (facts.cloudInit.config['locale'] = 'fr_FR.UTF-8')),
    atRest('an old cloud-init without a setting', (facts) => {
      facts.cloudInit.version = '22.4.2'
      delete facts.cloudInit.config['locale']
      facts.locale.available = ['C.utf8']
    }),
  ],
  'sec-sysctl': [
    machineOnFirstBoot('no address randomisation', (facts) => (facts.sysctls['kernel.randomize_va_space'] = '0')),
  ],
  'sec-mac': [machineOnFirstBoot('no AppArmor', (facts) => (facts.mandatoryAccess = { kind: 'none', mode: 'none' }))],
  'sec-no-remote-logging': [
    atRest('a remote log host', (facts) =>
      facts.remoteLogging.push({ file: '/etc/rsyslog.d/x.conf', line: '*.* @@logs.example.com' }),
    ),
    atRest('an unknown cron job', (facts) =>
      facts.cron.push({ file: '/etc/cron.d/phone-home', line: '* * * * * root curl example.com' }),
    ),
  ],
  'sec-known-timers': [onFirstBoot('an unknown timer', (facts) => facts.timers.push('phone-home.timer'))],
  'agent-present': [
    azureAtRest('no agent', (facts) => (facts.platformAgents = [])),
    azureOnFirstBoot('a disabled agent', (facts) => (pick(facts.platformAgents, () => true).enabled = false)),
  ],
  'agent-none-foreign': [
    atRest('the agent of another cloud', (facts) =>
      facts.platformAgents.push({ name: 'google-guest-agent', enabled: true }),
    ),
  ],
  'agent-waagent-conf': [
    azureAtRest('the agent provisions', (facts) => (facts.waagentConf['Provisioning.Agent'] = 'waagent')),
  ],
}

function ec2() {
  const facts = machineOnFirstBoot('', () => {}).facts()
  pick(facts.accounts, ({ name }) => name === 'debian').name = 'admin'
  facts.sudo.lines.push({ file: '/etc/sudoers.d/90-cloud-init-users', line: 'admin ALL=(ALL) NOPASSWD:ALL' })
  facts.time.servers = ['169.254.169.123']
  return facts
}
