import type { ExpectationRule } from './cascade.ts'

const AWS = 'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html'
const SPRINT = 'Debian Cloud Sprint 2016, report: https://wiki.debian.org/Sprints/2016/DebianCloudNov2016'
const GUIDE = 'https://docs.openstack.org/image-guide/openstack-images.html'

/** SSH, DHCP of both families, NTP and chrony's own port. */
export const LISTENERS = ['tcp/22', 'udp/68', 'udp/546', 'udp/123', 'udp/323']

/** What holds for every image until a more special rule says otherwise. */
export const GENERAL_RULES: readonly ExpectationRule[] = [
  {
    expect: {
      bakedUsers: {
        value: [],
        source: 'Microsoft, "Prepare Linux for imaging in Azure", step "Remove users and system accounts, public keys"',
      },
      emptyPasswords: { value: [], source: AWS },
      rootAccounts: {
        value: ['root'],
        source: 'CIS benchmarks for Linux distributions, "Ensure root is the only UID 0 account"',
      },
      firstUserId: { value: 1000, source: 'login.defs(5), UID_MIN' },
      systemShells: {
        value: ['sync', 'halt', 'shutdown', 'operator'],
        source: 'Filesystem Hierarchy Standard and base-passwd',
      },
      rootPassword: {
        value: ['locked', 'star'],
        source:
          'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html, "Disable local root access"',
      },
      sshServer: { value: 'required', source: SPRINT },
      rootLogin: {
        value: ['no', 'prohibit-password', 'without-password', 'forced-commands-only'],
        source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html',
      },
      hostKeyPrivate: {
        value: { modes: ['600'], owners: ['root'], groups: ['root', 'wheel'] },
        source: 'sshd(8), FILES: "should be readable only by root"',
      },
      forbiddenHostKeys: {
        value: ['dsa', 'rsa1'],
        source: 'https://www.openssh.com/releasenotes.html, 7.0 and 10.0: DSA keys were disabled, then removed',
      },
      rsaBits: { value: 2048, source: 'NIST SP 800-131A Rev. 2, section 3' },
      criticalFiles: {
        value: {
          '/etc/passwd': { modes: ['644'], owners: ['root'], groups: ['root', 'wheel'] },
          '/etc/group': { modes: ['644'], owners: ['root'], groups: ['root', 'wheel'] },
          '/etc/shadow': { modes: ['640', '600', '400', '000'], owners: ['root'], groups: ['root', 'shadow'] },
          '/etc/gshadow': { modes: ['640', '600', '400', '000'], owners: ['root'], groups: ['root', 'shadow'] },
          '/etc/master.passwd': { modes: ['600'], owners: ['root'], groups: ['wheel'] },
          '/etc/sudoers': { modes: ['440', '400'], owners: ['root'], groups: ['root', 'wheel'] },
          '/etc/machine-id': { modes: ['444', '644'], owners: ['root'], groups: ['root'] },
          '/etc/ssh/sshd_config': { modes: ['644', '640', '600'], owners: ['root'], groups: ['root', 'wheel'] },
          '/tmp': { modes: ['1777'], owners: ['root'], groups: ['root', 'wheel'] },
          '/var/tmp': { modes: ['1777'], owners: ['root'], groups: ['root', 'wheel'] },
          '/root': { modes: ['700', '550', '750', '755'], owners: ['root'], groups: ['root', 'wheel'] },
        },
        source: 'shadow(5), sudoers(5), machine-id(5), and the files as the distributions ship them',
      },
      hostnames: {
        value: ['localhost', 'localhost.localdomain', 'localhost.localhost'],
        source: 'https://systemd.io/BUILDING_IMAGES/',
      },
      defaultTarget: { value: ['multi-user.target'], source: GUIDE },
      failedUnits: { value: [], source: 'https://systemd.io/BUILDING_IMAGES/' },
      loaderTimeoutSeconds: { value: 1, source: `${SPRINT}: "has to be fast to boot"` },
      swap: { value: 'forbidden', source: 'Microsoft, certification policy 200.3.3: no swap partition on the OS disk' },
      firewall: { value: 'off', source: `${GUIDE}, "Disable firewall"` },
      listeners: {
        value: LISTENERS,
        source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/security',
      },
      ipv6: { value: 'enabled', source: `${SPRINT}: disabling IPv6 must be documented` },
      timezones: {
        value: ['UTC', 'Etc/UTC', 'UCT', 'Universal', 'Zulu', 'GMT'],
        source: 'https://cloud.google.com/compute/docs/images/building-custom-os',
      },
      timeDaemons: {
        value: ['chronyd', 'ntpd', 'openntpd', 'systemd-timesyncd'],
        source: 'https://cloud.google.com/compute/docs/images/building-custom-os',
      },
      locales: { value: ['C.UTF-8', 'C.utf8'], source: SPRINT },
      buildStamp: { value: 'required', source: `${SPRINT}: "we should include the timestamp"` },
      backports: { value: 'forbidden', source: `${SPRINT}: "by default would not have stable-backports"` },
      unwantedPackages: {
        value: [
          '*-desktop',
          'gnome-shell',
          'plasma-desktop',
          'xserver-xorg*',
          'xorg-x11-server-*',
          'gcc',
          'g++',
          'linux-firmware',
          'alsa-utils',
          'plymouth',
          'build-essential',
        ],
        source: 'https://github.com/osbuild/cloud-image-val, test_suite: unwanted packages',
      },
      datasources: {
        value: { declared: 'optional', allowed: [] },
        source: 'https://docs.cloud-init.io/en/latest/reference/base_config_reference.html',
      },
      cloudInitModules: {
        value: ['growpart', 'resizefs', 'mounts', 'disk_setup', 'ssh', 'users_groups'],
        source:
          'Microsoft, "Prepare Linux for imaging in Azure", and https://docs.cloud-init.io/en/latest/reference/modules.html',
      },
      cloudInitCommands: {
        value: [
          ['growpart'],
          ['ip'],
          ['blkid'],
          ['mkfs.ext4'],
          ['useradd', 'adduser', 'pw'],
          ['hostnamectl', 'hostname'],
          ['ssh-keygen'],
          ['lsblk'],
          ['mount'],
        ],
        source: 'https://docs.cloud-init.io/en/latest/reference/breaking_changes.html and the modules that call them',
      },
      sysctls: {
        value: {
          'kernel.randomize_va_space': ['2'],
          'fs.protected_symlinks': ['1'],
          'fs.protected_hardlinks': ['1'],
          'net.ipv4.ip_forward': ['0'],
          'net.ipv4.tcp_syncookies': ['1'],
          'net.ipv4.icmp_echo_ignore_broadcasts': ['1'],
          'net.ipv4.icmp_ignore_bogus_error_responses': ['1'],
          'net.ipv4.conf.all.accept_source_route': ['0'],
        },
        source:
          'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/security; values every current kernel has by default',
      },
      cronFiles: { value: [], source: AWS },
      requiredPackages: { value: ['cloud-init'], source: 'https://docs.cloud-init.io/en/latest/' },
    },
  },
]
