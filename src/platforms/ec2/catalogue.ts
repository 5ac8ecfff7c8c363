/** Where the images of a distribution are published. */
export interface Publisher {
  distribution: string
  /** Account that owns the images. */
  owner: string
  /** Name of images; `{release}`, `{codename}` and `{architecture}` are put in, `*` is any text. */
  name: string
  /** Account and name of daily builds. */
  daily?: { owner: string; name: string }
  /** Parameter of Systems Manager that is always the newest image. */
  ssm?: string
  /** How architectures are spelt here, where it is not amd64 and arm64. */
  architectures?: { amd64: string; arm64: string }
  /** Names of releases by number, where the image names have them. */
  codenames?: Readonly<Record<string, string>>
  /** Login user. */
  user: string
  source: string
}

const X86 = { amd64: 'x86_64', arm64: 'aarch64' }
const X86_ARM = { amd64: 'x86_64', arm64: 'arm64' }

/** Public images, by who publishes them. */
export const PUBLISHERS: readonly Publisher[] = [
  {
    distribution: 'debian',
    owner: '136693071363',
    name: 'debian-{release}-{architecture}-2*',
    daily: { owner: '903794441882', name: 'debian-{release}-{architecture}-daily-*' },
    ssm: '/aws/service/debian/release/{release}/latest/{architecture}',
    user: 'admin',
    source: 'https://wiki.debian.org/Cloud/AmazonEC2Image',
  },
  {
    distribution: 'ubuntu',
    owner: '099720109477',
    name: 'ubuntu/images/hvm-ssd*/ubuntu-{codename}-{release}-{architecture}-server-*',
    daily: {
      owner: '099720109477',
      name: 'ubuntu/images-testing/hvm-ssd*/ubuntu-{codename}-daily-{architecture}-server-*',
    },
    ssm: '/aws/service/canonical/ubuntu/server/{release}/stable/current/{architecture}/hvm/ebs-gp3/ami-id',
    codenames: { '22.04': 'jammy', '24.04': 'noble', '26.04': 'resolute' },
    user: 'ubuntu',
    source: 'https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/',
  },
  {
    distribution: 'amazon',
    owner: '137112412989',
    name: 'al{release}-ami-{release}.*-kernel-*-{architecture}',
    ssm: '/aws/service/ami-amazon-linux-latest/al{release}-ami-kernel-default-{architecture}',
    architectures: X86_ARM,
    user: 'ec2-user',
    source: 'https://docs.aws.amazon.com/linux/al2023/ug/ec2.html',
  },
  {
    distribution: 'rhel',
    owner: '309956199498',
    name: 'RHEL-{release}*_HVM-*-{architecture}-*-Hourly2-GP3',
    architectures: X86_ARM,
    user: 'ec2-user',
    source: 'https://access.redhat.com/solutions/15356',
  },
  {
    distribution: 'centos',
    owner: '125523088429',
    name: 'CentOS Stream {release} {architecture} *',
    architectures: X86,
    user: 'ec2-user',
    source: 'https://www.centos.org/download/aws-images/',
  },
  {
    distribution: 'fedora',
    owner: '125523088429',
    name: 'Fedora-Cloud-Base-AmazonEC2.{architecture}-{release}-*',
    architectures: X86,
    user: 'fedora',
    source: 'https://fedoraproject.org/cloud/download',
  },
  {
    distribution: 'rocky',
    owner: '792107900819',
    name: 'Rocky-{release}-EC2-Base-{release}*.{architecture}',
    architectures: X86,
    user: 'rocky',
    source: 'https://rockylinux.org/download',
  },
  {
    distribution: 'almalinux',
    owner: '764336703387',
    name: 'AlmaLinux OS {release}* {architecture}',
    architectures: X86,
    user: 'ec2-user',
    source: 'https://wiki.almalinux.org/cloud/AWS.html',
  },
  {
    distribution: 'sles',
    owner: '013907871322',
    name: 'suse-sles-{release}-v*-hvm-ssd-{architecture}',
    architectures: X86_ARM,
    user: 'ec2-user',
    source: 'https://www.suse.com/c/finding-suse-ami/',
  },
  {
    distribution: 'alpine',
    owner: '538276064493',
    name: 'alpine-{release}*-{architecture}-*-cloudinit-*',
    architectures: X86,
    user: 'alpine',
    source: 'https://alpinelinux.org/cloud/',
  },
  {
    distribution: 'freebsd',
    owner: '782442783595',
    name: 'FreeBSD {release}-RELEASE-{architecture}*cloud-init*',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
    user: 'freebsd',
    source: 'https://www.freebsd.org/where/',
  },
]

/** How to look for an image of the catalogue. */
export interface Lookup {
  distribution: string
  release: string
  architecture: 'amd64' | 'arm64'
  owner: string
  name: string
  user: string
}

const NAME = /^(?:(daily|released):)?([a-z]+)-([0-9][0-9.]*|sid)$/

/** Reads `debian-13`, or `daily:debian-13`. Undefined when it is no release of the catalogue. */
export function lookupOf(reference: string, architecture: string | undefined): Lookup | undefined {
  const [, wish, distribution = '', release = ''] = NAME.exec(reference) ?? []
  const publisher = PUBLISHERS.find((known) => known.distribution === distribution)
  if (!publisher) return undefined
  // Debian publishes its unstable branch as daily builds only.
  const place = wish === 'daily' || release === 'sid' ? publisher.daily : publisher
  if (!place) return undefined
  const arch = architecture === 'arm64' ? 'arm64' : 'amd64'
  const { owner } = place
  return {
    distribution,
    release,
    architecture: arch,
    owner,
    name: fill(place.name, publisher, release, arch),
    user: publisher.user,
  }
}

/** Parameter of Systems Manager for `ssm:debian-13`, or the one that is written out: `ssm:/aws/service/...`. */
export function parameterOf(reference: string, architecture: string | undefined): string | undefined {
  if (!reference.startsWith('ssm:')) return undefined
  const wanted = reference.slice('ssm:'.length)
  if (wanted.startsWith('/')) return wanted
  const [, , distribution = '', release = ''] = NAME.exec(wanted) ?? []
  const publisher = PUBLISHERS.find((known) => known.distribution === distribution)
  if (publisher?.ssm === undefined) return undefined
  return fill(publisher.ssm, publisher, release, architecture === 'arm64' ? 'arm64' : 'amd64')
}

/** Who may be logged in as on an image, by its distribution or the account that owns it. */
export function userOf(image: { distribution?: string | undefined; owner?: string | undefined }): string | undefined {
  const of = (match: (publisher: Publisher) => boolean) => PUBLISHERS.find(match)?.user
  return (
    of(({ distribution }) => distribution === image.distribution) ??
    of(({ owner, daily }) => image.owner !== undefined && (owner === image.owner || daily?.owner === image.owner))
  )
}

export function knownDistributions(): string[] {
  return PUBLISHERS.map(({ distribution }) => distribution)
}

function fill(
  template: string,
  { architectures, codenames }: Publisher,
  release: string,
  arch: 'amd64' | 'arm64',
): string {
  return template
    .replaceAll('{release}', release)
    .replaceAll('{codename}', codenames?.[release] ?? '*')
    .replaceAll('{architecture}', architectures?.[arch] ?? arch)
}
