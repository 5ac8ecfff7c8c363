import type { FilesOffer, ImageSource, StreamOffer } from './catalogue.ts'
import { lxdServerSources } from './sources-lxd.ts'

const X86_ARM = { x64: 'x86_64', arm64: 'aarch64' }
const DEB = { x64: 'amd64', arm64: 'arm64' }
const RPM_KEYS = '/usr/share/distribution-gpg-keys'
const RPM_KEYS_FROM = 'apt-get install distribution-gpg-keys'
const LOOKED = '2026-11-22, by public configuration files that use it'

const debian: FilesOffer = {
  kind: 'files',
  distribution: 'debian',
  releases: {
    '11': { folder: 'bullseye/latest' },
    '12': { folder: 'bookworm/latest' },
    '13': { folder: 'trixie/latest' },
    sid: { folder: 'sid/daily/latest' },
  },
  architectures: DEB,
  base: 'https://cloud.debian.org/images/cloud/{folder}/',
  image: 'debian-{release}-genericcloud-{arch}(?:-daily)?\\.qcow2',
  sums: 'SHA512SUMS',
  // the download servers of cdimage.debian.org
  hosts: ['*.debian.org', '*.ftp.acc.umu.se', '*.accum.se'],
  signature: { kind: 'none', why: 'Debian signs no checksums of its cloud images' },
  source: 'https://cloud.debian.org/images/cloud/',
  checked: LOOKED,
  seen: true,
}

const ubuntu: StreamOffer = {
  kind: 'stream',
  distribution: 'ubuntu',
  releases: { '20.04': {}, '22.04': {}, '24.04': {}, '25.10': {}, '26.04': {} },
  architectures: DEB,
  base: 'https://cloud-images.ubuntu.com/releases/',
  index: 'streams/v1/index.sjson',
  product: 'com.ubuntu.cloud:server:{release}:{arch}',
  hosts: ['*.ubuntu.com'],
  signature: { kind: 'clear' },
  trust: {
    name: 'ubuntu',
    files: ['/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg'],
    bring: 'apt-get install ubuntu-keyring',
  },
  source: 'https://documentation.ubuntu.com/public-images/',
  checked: LOOKED,
  seen: true,
}

const fedora: FilesOffer = {
  kind: 'files',
  distribution: 'fedora',
  releases: { '42': { tree: 'archive/fedora' }, '43': { tree: 'fedora' }, '44': { tree: 'fedora' } },
  architectures: X86_ARM,
  base: 'https://dl.fedoraproject.org/pub/{tree}/linux/releases/{release}/Cloud/{arch}/images/',
  image: 'Fedora-Cloud-Base-Generic-{release}-[0-9.]+\\.{arch}\\.qcow2',
  sums: '/Fedora-Cloud-{release}-[0-9.]+-{arch}-CHECKSUM/',
  listing: true,
  hosts: ['*.fedoraproject.org'],
  signature: { kind: 'clear' },
  trust: {
    name: 'fedora',
    files: [`${RPM_KEYS}/fedora/RPM-GPG-KEY-fedora-{release}-primary`],
    bring: RPM_KEYS_FROM,
  },
  source: 'https://fedoraproject.org/cloud/download',
  checked: `${LOOKED}; 42 lies in the archive`,
  seen: true,
}

const rocky: FilesOffer = {
  kind: 'files',
  distribution: 'rocky',
  releases: { '8': {}, '9': {}, '10': {} },
  architectures: X86_ARM,
  base: 'https://dl.rockylinux.org/pub/rocky/{release}/images/{arch}/',
  image: 'Rocky-{release}-GenericCloud-Base\\.latest\\.{arch}\\.qcow2',
  sums: 'CHECKSUM',
  hosts: ['*.rockylinux.org'],
  signature: { kind: 'detached', file: '{sums}.asc' },
  trust: {
    name: 'rocky',
    files: [`${RPM_KEYS}/rocky/RPM-GPG-KEY-Rocky-{release}`, `${RPM_KEYS}/rocky/RPM-GPG-KEY-rockyofficial`],
    bring: RPM_KEYS_FROM,
  },
  source: 'https://rockylinux.org/download',
  checked: `${LOOKED}; the signature by one of them only`,
  seen: true,
}

const almalinux: FilesOffer = {
  kind: 'files',
  distribution: 'almalinux',
  releases: { '8': {}, '9': {}, '10': {} },
  architectures: X86_ARM,
  base: 'https://repo.almalinux.org/almalinux/{release}/cloud/{arch}/images/',
  image: 'AlmaLinux-{release}-GenericCloud-latest\\.{arch}\\.qcow2',
  sums: 'CHECKSUM',
  hosts: ['*.almalinux.org'],
  signature: { kind: 'detached', file: '{sums}.asc' },
  trust: {
    name: 'almalinux',
    files: [`${RPM_KEYS}/alma/RPM-GPG-KEY-AlmaLinux-{release}`],
    bring: RPM_KEYS_FROM,
  },
  source: 'https://wiki.almalinux.org/cloud/Generic-cloud.html',
  checked: LOOKED,
  seen: true,
}

const centos: FilesOffer = {
  kind: 'files',
  distribution: 'centos-stream',
  releases: { '9': {}, '10': {} },
  architectures: X86_ARM,
  base: 'https://cloud.centos.org/centos/{release}-stream/{arch}/images/',
  image: 'CentOS-Stream-GenericCloud-{release}-latest\\.{arch}\\.qcow2',
  sums: 'CHECKSUM',
  hosts: ['*.centos.org'],
  signature: { kind: 'none', why: 'no signature of its checksums is known' },
  source: 'https://cloud.centos.org/centos/',
  checked: LOOKED,
  seen: true,
}

const opensuse: FilesOffer = {
  kind: 'files',
  distribution: 'opensuse',
  releases: {
    'leap-15.6': { folder: 'distribution/leap/15.6', title: 'Leap-15\\.6' },
    'leap-16.0': { folder: 'distribution/leap/16.0', title: 'Leap-16\\.0' },
    tumbleweed: { folder: 'tumbleweed', title: 'Tumbleweed' },
  },
  architectures: X86_ARM,
  base: 'https://download.opensuse.org/{folder}/appliances/',
  image: 'openSUSE-{title}-Minimal-VM\\.{arch}-Cloud\\.qcow2',
  sums: '{image}.sha256',
  listing: true,
  // mirrors all over the world; what they serve is signed
  hosts: ['*'],
  signature: { kind: 'detached', file: '{sums}.asc' },
  trust: {
    name: 'opensuse',
    files: [
      `${RPM_KEYS}/opensuse/RPM-GPG-KEY-openSUSE`,
      `${RPM_KEYS}/opensuse/RPM-GPG-KEY-openSUSE-2022`,
      `${RPM_KEYS}/opensuse/RPM-GPG-KEY-openSUSE-Tumbleweed`,
    ],
    bring: RPM_KEYS_FROM,
  },
  source: 'https://get.opensuse.org/leap/15.6/',
  checked: `${LOOKED}; leap-16.0 is a guess`,
  seen: true,
}

const alpine: FilesOffer = {
  kind: 'files',
  distribution: 'alpine',
  releases: { '3.20': {}, '3.21': {}, '3.22': {}, '3.23': {} },
  architectures: X86_ARM,
  base: 'https://dl-cdn.alpinelinux.org/alpine/v{release}/releases/cloud/',
  image: 'nocloud_alpine-{release}\\.\\d+-{arch}-uefi-cloudinit-r\\d+\\.qcow2',
  sums: '{image}.sha512',
  listing: true,
  hosts: ['*.alpinelinux.org'],
  signature: { kind: 'image', file: '{image}.asc' },
  trust: { name: 'alpine', files: [], bring: 'get the key that https://alpinelinux.org/downloads/ names' },
  source: 'https://alpinelinux.org/cloud/',
  checked: `${LOOKED}; the signature is unverified`,
  seen: true,
}

const freebsd: FilesOffer = {
  kind: 'files',
  distribution: 'freebsd',
  releases: { '14': { version: '14.3' }, '14.3': { version: '14.3' }, '15': { version: '15.0' } },
  architectures: { x64: 'amd64' },
  base: 'https://download.freebsd.org/releases/VM-IMAGES/{version}-RELEASE/{arch}/Latest/',
  image: 'FreeBSD-{version}-RELEASE-{arch}-BASIC-CLOUDINIT-ufs\\.qcow2\\.xz',
  sums: 'CHECKSUM.SHA256',
  packed: 'xz',
  hosts: ['*.freebsd.org'],
  signature: { kind: 'none', why: 'FreeBSD publishes signed checksums on www.freebsd.org, and none beside the images' },
  source: 'https://www.freebsd.org/where/',
  checked: `${LOOKED}; 15.0 is a guess`,
  seen: true,
}

const amazonlinux: FilesOffer = {
  kind: 'files',
  distribution: 'amazonlinux',
  releases: { '2023': {} },
  architectures: { x64: 'x86_64' },
  base: 'https://cdn.amazonlinux.com/al2023/os-images/latest/kvm/',
  image: 'al2023-kvm-[0-9.]+-kernel-[0-9.]+-{arch}\\.xfs\\.gpt\\.qcow2',
  sums: 'SHA256SUMS',
  hosts: ['*.amazonlinux.com'],
  signature: { kind: 'none', why: 'no signature of its checksums is known' },
  source: 'https://docs.aws.amazon.com/linux/al2023/ug/outside-ec2-download.html',
  checked: LOOKED,
  seen: true,
}

const arch: FilesOffer = {
  kind: 'files',
  distribution: 'arch',
  releases: { latest: {} },
  architectures: { x64: 'x86_64' },
  base: 'https://geo.mirror.pkgbuild.com/images/latest/',
  image: 'Arch-Linux-{arch}-cloudimg\\.qcow2',
  sums: '{image}.SHA256',
  listing: true,
  hosts: ['*.pkgbuild.com'],
  signature: { kind: 'image', file: '{image}.sig' },
  trust: {
    name: 'arch',
    files: [
      '/usr/share/keyrings/archlinux-keyring.gpg',
      '/usr/share/keyrings/archlinux.gpg',
      '/usr/share/pacman/keyrings/archlinux.gpg',
    ],
    bring: 'apt-get install archlinux-keyring',
  },
  source: 'https://gitlab.archlinux.org/archlinux/arch-boxes',
  checked: LOOKED,
  seen: true,
}

/** Where publishers keep their images. Of several sources of one distribution the first that has what is wanted counts. */
export const SOURCES: readonly ImageSource[] = [
  debian,
  ubuntu,
  fedora,
  rocky,
  almalinux,
  centos,
  opensuse,
  alpine,
  freebsd,
  amazonlinux,
  arch,
  ...lxdServerSources,
]
