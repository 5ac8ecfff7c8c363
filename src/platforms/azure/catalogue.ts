/** Where the images of a release are in the marketplace. */
interface Release {
  publisher: string
  offer: string
  /** Second generation, which boots by UEFI. */
  sku: string
  /** First generation, which boots by BIOS. */
  biosSku?: string
  arm?: { offer?: string; sku: string }
  daily?: string
  source: string
}

const DEBIAN = 'https://wiki.debian.org/Cloud/MicrosoftAzure'
const UBUNTU = 'https://documentation.ubuntu.com/azure/azure-how-to/instances/find-ubuntu-images/'
const ENDORSED = 'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/endorsed-distros'

const debian = (release: string): Release => ({
  publisher: 'Debian',
  offer: `debian-${release}`,
  sku: `${release}-gen2`,
  biosSku: release,
  arm: { sku: `${release}-arm64` },
  daily: `debian-${release}-daily`,
  source: DEBIAN,
})

const ubuntu = (release: string, lts = '-lts'): Release => ({
  publisher: 'Canonical',
  offer: `ubuntu-${release.replace('.', '_')}${lts}`,
  sku: 'server',
  biosSku: 'server-gen1',
  arm: { sku: 'server-arm64' },
  daily: `ubuntu-${release.replace('.', '_')}${lts}-daily`,
  source: UBUNTU,
})

/** Releases by name. Publishers of images that need a plan to be accepted are left out: that is a person's decision. */
export const RELEASES: Readonly<Record<string, Release>> = {
  'debian-11': debian('11'),
  'debian-12': debian('12'),
  'debian-13': debian('13'),
  'ubuntu-22.04': {
    publisher: 'Canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts-gen2',
    biosSku: '22_04-lts',
    arm: { sku: '22_04-lts-arm64' },
    daily: '0001-com-ubuntu-server-jammy-daily',
    source: UBUNTU,
  },
  'ubuntu-24.04': ubuntu('24.04'),
  'ubuntu-25.10': ubuntu('25.10', ''),
  'ubuntu-26.04': ubuntu('26.04'),
  'almalinux-9': {
    publisher: 'almalinux',
    offer: 'almalinux-x86_64',
    sku: '9-gen2',
    biosSku: '9-gen1',
    arm: { offer: 'almalinux-arm', sku: '9-arm-gen2' },
    source: 'https://wiki.almalinux.org/cloud/Azure.html',
  },
  'rhel-9': { publisher: 'RedHat', offer: 'RHEL', sku: '9-lvm-gen2', biosSku: '9-lvm', source: ENDORSED },
  'ol-9': { publisher: 'Oracle', offer: 'Oracle-Linux', sku: 'ol9-lvm-gen2', biosSku: 'ol9-lvm', source: ENDORSED },
  'opensuse-leap-15.6': {
    publisher: 'SUSE',
    offer: 'opensuse-leap-15-6',
    sku: 'gen2',
    biosSku: 'gen1',
    source: ENDORSED,
  },
}

/** An image of the marketplace, without its version. */
export interface MarketName {
  publisher: string
  offer: string
  sku: string
}

/** The image of `debian-13` or `daily:debian-13`; undefined for names that nobody publishes. */
export function marketName(
  reference: string,
  wanted: { architecture?: string | undefined; boot?: string | undefined } = {},
): MarketName | undefined {
  const daily = reference.startsWith('daily:')
  const name = daily ? reference.slice('daily:'.length) : reference
  const release = Object.hasOwn(RELEASES, name) ? RELEASES[name] : undefined
  if (!release) return undefined
  const offer = daily ? release.daily : release.offer
  const arm = wanted.architecture === 'arm64'
  const sku = arm ? release.arm?.sku : wanted.boot === 'bios' ? release.biosSku : release.sku
  if (offer === undefined || sku === undefined) return undefined
  return { publisher: release.publisher, offer: (arm && release.arm?.offer) || offer, sku }
}

/** Distribution and release of an image of the marketplace, where it is in this table. */
export function releaseOf({ publisher, offer, sku }: MarketName): { distribution: string; release: string } {
  const found = Object.entries(RELEASES).find(([, one]) => {
    if (one.publisher !== publisher) return false
    if (one.offer === offer || one.daily === offer) return [one.sku, one.biosSku, one.arm?.sku].includes(sku)
    return one.arm?.offer === offer && one.arm.sku === sku
  })
  const [, distribution = '', release = ''] = /^(.*)-([^-]+)$/.exec(found?.[0] ?? '') ?? []
  return { distribution, release }
}
