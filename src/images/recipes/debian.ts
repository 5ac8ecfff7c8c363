import type { Recipe, RecipeArchive, RecipeFile, RecipeScript } from '../recipe.ts'
import { hostArchitecture } from '../recipe.ts'
import { debianDisk } from './debian-disk.ts'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const ARCHIVE = 'http://deb.debian.org/debian'
const SECURITY_ARCHIVE = 'http://deb.debian.org/debian-security'

/** What every release gets. Recommended packages are not followed: what is here is what is meant. */
const PACKAGES = [
  // boot and sessions
  'init',
  'systemd',
  'systemd-sysv',
  'systemd-timesyncd',
  'libpam-systemd',
  'dbus',
  'udev',
  'kmod',
  'apparmor',
  // the agent and what its modules call
  'cloud-init',
  'cloud-guest-utils',
  'gdisk',
  'fdisk',
  'e2fsprogs',
  'eject',
  'gnupg',
  'netcat-openbsd',
  'python3-apt',
  'lsb-release',
  // network: netplan writes, systemd-networkd runs, systemd-resolved resolves; nothing else is installed
  'netplan.io',
  'systemd-resolved',
  'libnss-resolve',
  'libnss-myhostname',
  'netbase',
  'iproute2',
  'iputils-ping',
  'ethtool',
  // access and updates
  'openssh-server',
  'openssh-sftp-server',
  'sudo',
  'ca-certificates',
  'apt-utils',
  'unattended-upgrades',
  // a person at the prompt
  'locales',
  'tzdata',
  'bash-completion',
  'curl',
  'wget',
  'file',
  'less',
  'man-db',
  'procps',
  'vim-tiny',
  'xz-utils',
  'cron',
  'logrotate',
] as const

const CLOUD_CFG = [
  '# Settings of this image. Values from the platform and from user-data win over them.',
  'datasource_list: [NoCloud, ConfigDrive, LXD, None]',
  'locale: C.UTF-8',
]

const FILES: readonly RecipeFile[] = [
  {
    path: '/etc/apt/apt.conf.d/20auto-upgrades',
    content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
  },
  { path: '/etc/default/locale', content: 'LANG=C.UTF-8\n' },
  { path: '/etc/hostname', content: 'localhost\n' },
  {
    path: '/etc/hosts',
    content:
      '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\nff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n',
  },
  { path: '/etc/fstab', content: '# <file system> <mount point> <type> <options> <dump> <pass>\n' },
  {
    path: '/etc/systemd/resolved.conf.d/10-no-multicast-names.conf',
    content: '# A server answers no name questions of its neighbours.\n[Resolve]\nLLMNR=no\nMulticastDNS=no\n',
  },
  {
    // sshd takes the first value it reads; the agent writes 50-cloud-init.conf, so user-data can still allow passwords
    path: '/etc/ssh/sshd_config.d/60-image.conf',
    content:
      'PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nClientAliveInterval 120\n',
  },
  {
    path: '/etc/cloud-release',
    content: 'name={{name}}\nrelease={{release}}\ncodename={{codename}}\nserial={{serial}}\n',
  },
]

const SCRIPTS: readonly RecipeScript[] = [
  {
    name: 'services',
    content: `#!/bin/sh
set -eu
systemctl set-default multi-user.target
systemctl enable ssh.service systemd-networkd.service systemd-resolved.service
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
passwd -l root >/dev/null
`,
  },
]

/** What Debian 12 needs beyond the others, each with its reason. */
const BOOKWORM_FILES: readonly RecipeFile[] = [
  {
    path: '/etc/systemd/system/systemd-binfmt.service.d/container.conf',
    content: '# The handlers belong to the kernel of the host.\n[Unit]\nConditionVirtualization=!container\n',
  },
  {
    path: '/etc/systemd/system/cloud-init-local.service.d/log-mode.conf',
    content:
      '# cloud-init before 23.1 makes its log readable by everyone and keeps the mode of one that is there.\n' +
      '[Service]\nExecStartPre=/bin/sh -c "umask 0137; : >>/var/log/cloud-init.log; chown root:adm /var/log/cloud-init.log"\n',
  },
]

/** What unstable needs beyond the others. */
const SID_FILES: readonly RecipeFile[] = [
  {
    path: '/etc/systemd/system/console-getty.service.d/container.conf',
    content:
      '# systemd 262 opens a console a second time by its inode, which fails when its pseudo terminal is outside of the container.\n' +
      '[Service]\nExecStart=\nExecStart=-/usr/sbin/agetty --noclear --keep-baud 115200,57600,38400,9600 console ${TERM}\n' +
      'StandardInput=null\nStandardOutput=journal\n',
  },
]

const BOOKWORM_SCRIPTS: readonly RecipeScript[] = [
  {
    // the default user of cloud-init 22.4 is a member of it; without it the agent makes an ordinary group with id 1000
    name: 'netdev-group',
    content: '#!/bin/sh\nset -eu\ngetent group netdev >/dev/null || groupadd --system netdev\n',
  },
]

interface DebianRelease {
  release: string
  codename: string
  stable: boolean
  dhcpClient: string
  cloudCfg?: readonly string[]
  files?: readonly RecipeFile[]
  scripts?: readonly RecipeScript[]
}

const RELEASES: readonly DebianRelease[] = [
  {
    release: '12',
    codename: 'bookworm',
    stable: true,
    dhcpClient: 'isc-dhcp-client',
    // cloud-init 22.4 would make a DSA key as well
    cloudCfg: ['ssh_genkeytypes: [rsa, ecdsa, ed25519]'],
    files: BOOKWORM_FILES,
    scripts: BOOKWORM_SCRIPTS,
  },
  { release: '13', codename: 'trixie', stable: true, dhcpClient: 'dhcpcd-base' },
  { release: 'sid', codename: 'sid', stable: false, dhcpClient: 'dhcpcd-base', files: SID_FILES },
]

/** Debian images of every release this project knows, for an architecture as Debian spells it. */
export function debianRecipes(architecture: string): Recipe[] {
  return RELEASES.map((release) => debianRecipe(release, architecture))
}

function debianRecipe(data: DebianRelease, architecture: string): Recipe {
  const archives = archivesOf(data)
  const disk = debianDisk(architecture)
  return {
    name: `debian-${data.release}${architecture === hostArchitecture() ? '' : `-${architecture}`}`,
    description: `Debian ${data.release}${data.stable ? ` (${data.codename})` : ''}, generic cloud image`,
    distribution: 'debian',
    release: data.release,
    codename: data.codename,
    variant: 'default',
    architecture,
    archives,
    packages: [...PACKAGES, data.dhcpClient],
    files: [
      ...FILES,
      { path: '/etc/apt/sources.list.d/debian.sources', content: archives.map(deb822).join('\n') },
      {
        path: '/etc/cloud/cloud.cfg.d/10_image.cfg',
        content: `${[...CLOUD_CFG, ...(data.cloudCfg ?? [])].join('\n')}\n`,
      },
      ...(data.files ?? []),
    ],
    scripts: [...(data.scripts ?? []), ...SCRIPTS],
    ...(disk ? { disk } : {}),
  }
}

function archivesOf({ codename, stable }: DebianRelease): RecipeArchive[] {
  const main = { uri: ARCHIVE, components: ['main'], signedBy: KEYRING }
  if (!stable) return [{ ...main, suites: [codename] }]
  return [
    { ...main, suites: [codename, `${codename}-updates`] },
    { ...main, uri: SECURITY_ARCHIVE, suites: [`${codename}-security`] },
  ]
}

function deb822(archive: RecipeArchive): string {
  return [
    'Types: deb',
    `URIs: ${archive.uri}`,
    `Suites: ${archive.suites.join(' ')}`,
    `Components: ${archive.components.join(' ')}`,
    `Signed-By: ${archive.signedBy}`,
    '',
  ].join('\n')
}
