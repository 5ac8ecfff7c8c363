/** Where the images of a distribution are published. */
interface Publisher {
  distribution: string
  project: string
  /** Image family of a release; `{release}` is its number with hyphens, `{lts}` marks such releases of Ubuntu. */
  family: string
  armFamily?: string
  /** Family of daily builds, in their own project. */
  daily?: { project: string; family: string; armFamily: string }
  source: string
}

const DETAILS = 'https://cloud.google.com/compute/docs/images/os-details'

/** Public images, by who publishes them. */
export const PUBLISHERS: readonly Publisher[] = [
  {
    distribution: 'debian',
    project: 'debian-cloud',
    family: 'debian-{release}',
    armFamily: 'debian-{release}-arm64',
    source: `${DETAILS}#debian and https://wiki.debian.org/Cloud/GoogleComputeEngineImage`,
  },
  {
    distribution: 'ubuntu',
    project: 'ubuntu-os-cloud',
    family: 'ubuntu-{release}{lts}-amd64',
    armFamily: 'ubuntu-{release}{lts}-arm64',
    daily: {
      project: 'ubuntu-os-cloud-devel',
      family: 'ubuntu-{release}{lts}-amd64',
      armFamily: 'ubuntu-{release}{lts}-arm64',
    },
    source: `${DETAILS}#ubuntu_lts and https://documentation.ubuntu.com/gcp/google-how-to/gce/find-ubuntu-images/`,
  },
  {
    distribution: 'centos',
    project: 'centos-cloud',
    family: 'centos-stream-{release}',
    armFamily: 'centos-stream-{release}-arm64',
    source: `${DETAILS}#centos`,
  },
  {
    distribution: 'rocky',
    project: 'rocky-linux-cloud',
    family: 'rocky-linux-{release}',
    armFamily: 'rocky-linux-{release}-arm64',
    source: `${DETAILS}#rocky_linux`,
  },
  {
    distribution: 'almalinux',
    project: 'almalinux-cloud',
    family: 'almalinux-{release}',
    armFamily: 'almalinux-{release}-arm64',
    source: 'https://wiki.almalinux.org/cloud/Google.html',
  },
  {
    distribution: 'rhel',
    project: 'rhel-cloud',
    family: 'rhel-{release}',
    armFamily: 'rhel-{release}-arm64',
    source: `${DETAILS}#rhel`,
  },
  {
    distribution: 'fedora',
    project: 'fedora-cloud',
    family: 'fedora-cloud-{release}',
    armFamily: 'fedora-cloud-{release}-aarch64',
    source: 'https://fedoraproject.org/cloud/download',
  },
  {
    distribution: 'opensuse-leap',
    project: 'opensuse-cloud',
    family: 'opensuse-leap',
    armFamily: 'opensuse-leap-arm64',
    source: `${DETAILS}#opensuse`,
  },
]

/** Families that are named unlike the others of their distribution. */
const EXCEPTIONS: Readonly<Record<string, string>> = { 'ubuntu-22.04': 'ubuntu-2204-lts' }

/** A family of images in a project. */
export interface Family {
  distribution: string
  release: string
  project: string
  family: string
}

/**
 * The family of `debian-13`, `ubuntu-24.04` or `daily:ubuntu-26.04`; undefined for names that nobody publishes.
 * @param architecture as Debian spells it
 */
export function familyOf(reference: string, architecture = 'amd64'): Family | undefined {
  const daily = reference.startsWith('daily:')
  const name = daily ? reference.slice('daily:'.length) : reference
  const publisher = PUBLISHERS.toSorted((a, b) => b.distribution.length - a.distribution.length).find(
    ({ distribution }) => name.startsWith(`${distribution}-`),
  )
  const release = publisher ? name.slice(publisher.distribution.length + 1) : ''
  if (!publisher || !/^\d[\d.]*$/.test(release)) return undefined
  const from = daily ? publisher.daily : publisher
  const pattern = architecture === 'arm64' ? from?.armFamily : from?.family
  if (!from || pattern === undefined) return undefined
  const family =
    (architecture === 'amd64' ? EXCEPTIONS[name] : undefined) ??
    pattern
      .replace('{release}', release.replaceAll('.', publisher.distribution === 'ubuntu' ? '' : '-'))
      .replace('{lts}', /^\d*[02468]\.04$/.test(release) ? '-lts' : '')
  return { distribution: publisher.distribution, release, project: from.project, family }
}

/** Names people can use, for hints. */
export function knownDistributions(): string[] {
  return PUBLISHERS.map(({ distribution }) => distribution)
}
