export type Family = 'debian' | 'redhat' | 'suse' | 'alpine' | 'bsd' | 'arch'

export interface Release {
  version: string
  codename?: string
  /** End of free security support, ISO date. Absent for rolling releases. */
  endOfLife?: string
}

/** What does not change between images of one distribution. */
export interface Distribution {
  /** `ID` of os-release. */
  id: string
  title: string
  family: Family
  aliases: readonly string[]
  packageManager: 'apt' | 'dnf' | 'zypper' | 'apk' | 'pkg' | 'pacman'
  init: 'systemd' | 'openrc' | 'rc'
  releases: readonly Release[]
  /** Where the end-of-life dates come from. */
  source: string
}

export const DISTRIBUTIONS: readonly Distribution[] = [
  {
    id: 'debian',
    title: 'Debian',
    family: 'debian',
    aliases: [],
    packageManager: 'apt',
    init: 'systemd',
    source: 'https://wiki.debian.org/DebianReleases and https://wiki.debian.org/LTS',
    releases: [
      { version: '11', codename: 'bullseye', endOfLife: '2026-08-31' },
      { version: '12', codename: 'bookworm', endOfLife: '2028-06-30' },
      { version: '13', codename: 'trixie', endOfLife: '2030-06-30' },
      { version: '14', codename: 'forky' },
      { version: 'sid', codename: 'sid' },
    ],
  },
  {
    id: 'ubuntu',
    title: 'Ubuntu',
    family: 'debian',
    aliases: [],
    packageManager: 'apt',
    init: 'systemd',
    source: 'https://ubuntu.com/about/release-cycle',
    releases: [
      { version: '22.04', codename: 'jammy', endOfLife: '2027-04-30' },
      { version: '24.04', codename: 'noble', endOfLife: '2029-05-31' },
      { version: '25.10', codename: 'questing', endOfLife: '2026-07-31' },
      { version: '26.04', codename: 'resolute', endOfLife: '2031-05-31' },
    ],
  },
  {
    id: 'alpine',
    title: 'Alpine Linux',
    family: 'alpine',
    aliases: [],
    packageManager: 'apk',
    init: 'openrc',
    source: 'https://alpinelinux.org/releases/',
    releases: [
      { version: '3.20', endOfLife: '2026-04-01' },
      { version: '3.21', endOfLife: '2026-11-01' },
      { version: '3.22', endOfLife: '2027-05-01' },
      { version: '3.23', endOfLife: '2027-11-01' },
      { version: 'edge' },
    ],
  },
  {
    id: 'fedora',
    title: 'Fedora',
    family: 'redhat',
    aliases: [],
    packageManager: 'dnf',
    init: 'systemd',
    source: 'https://docs.fedoraproject.org/en-US/releases/lifecycle/; images carry SUPPORT_END in os-release',
    releases: [{ version: '42' }, { version: '43' }, { version: '44' }],
  },
  redHat('rhel', 'Red Hat Enterprise Linux', 'https://access.redhat.com/support/policy/updates/errata'),
  redHat('centos', 'CentOS Stream', 'https://www.centos.org/cl-vs-cs/', [
    { version: '9', endOfLife: '2027-05-31' },
    { version: '10', endOfLife: '2030-01-01' },
  ]),
  redHat('almalinux', 'AlmaLinux', 'https://wiki.almalinux.org/release-notes/'),
  redHat('rocky', 'Rocky Linux', 'https://wiki.rockylinux.org/rocky/version/'),
  redHat('ol', 'Oracle Linux', 'https://www.oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf', undefined, [
    'oracle',
    'oraclelinux',
  ]),
  {
    id: 'amzn',
    title: 'Amazon Linux',
    family: 'redhat',
    aliases: ['amazon', 'amazonlinux'],
    packageManager: 'dnf',
    init: 'systemd',
    source: 'https://docs.aws.amazon.com/linux/al2023/release-notes/support-info-by-support-statement.html',
    releases: [{ version: '2023', endOfLife: '2029-06-30' }],
  },
  {
    id: 'opensuse-leap',
    title: 'openSUSE Leap',
    family: 'suse',
    aliases: ['opensuse', 'leap'],
    packageManager: 'zypper',
    init: 'systemd',
    source: 'https://en.opensuse.org/Lifetime',
    releases: [
      { version: '15.6', endOfLife: '2026-04-30' },
      { version: '16.0', endOfLife: '2027-10-31' },
    ],
  },
  {
    id: 'opensuse-tumbleweed',
    title: 'openSUSE Tumbleweed',
    family: 'suse',
    aliases: ['tumbleweed'],
    packageManager: 'zypper',
    init: 'systemd',
    source: 'https://en.opensuse.org/Lifetime',
    releases: [],
  },
  {
    id: 'sles',
    title: 'SUSE Linux Enterprise Server',
    family: 'suse',
    aliases: ['sle', 'suse'],
    packageManager: 'zypper',
    init: 'systemd',
    source: 'https://www.suse.com/lifecycle',
    releases: [{ version: '15.7', endOfLife: '2031-07-31' }],
  },
  {
    id: 'freebsd',
    title: 'FreeBSD',
    family: 'bsd',
    aliases: [],
    packageManager: 'pkg',
    init: 'rc',
    source: 'https://www.freebsd.org/security/#sup',
    releases: [
      { version: '14.3', endOfLife: '2026-06-30' },
      { version: '15.0', endOfLife: '2026-09-30' },
    ],
  },
  {
    id: 'arch',
    title: 'Arch Linux',
    family: 'arch',
    aliases: ['archlinux'],
    packageManager: 'pacman',
    init: 'systemd',
    source: 'https://wiki.archlinux.org/title/Frequently_asked_questions',
    releases: [],
  },
]

/** A distribution by id or alias. */
export function findDistribution(name: string): Distribution | undefined {
  return DISTRIBUTIONS.find(({ id, aliases }) => id === name || aliases.includes(name))
}

/** A release of a distribution by version or codename. */
export function findRelease(distribution: string, release: string): Release | undefined {
  return findDistribution(distribution)?.releases.find(
    ({ version, codename }) => version === release || codename === release,
  )
}

function redHat(id: string, title: string, source: string, releases?: Release[], aliases: string[] = []): Distribution {
  return {
    id,
    title,
    family: 'redhat',
    aliases,
    packageManager: 'dnf',
    init: 'systemd',
    source,
    releases: releases ?? [
      { version: '8', endOfLife: '2029-05-31' },
      { version: '9', endOfLife: '2032-05-31' },
      { version: '10', endOfLife: '2035-05-31' },
    ],
  }
}
