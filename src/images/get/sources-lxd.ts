import type { StreamOffer } from './catalogue.ts'

/** What the public image server of LXD calls a distribution and its releases; each has a variant with cloud-init. */
const PRODUCTS: readonly [distribution: string, os: string, releases: Readonly<Record<string, string>>][] = [
  ['debian', 'debian', { '11': 'bullseye', '12': 'bookworm', '13': 'trixie', sid: 'sid' }],
  ['fedora', 'fedora', { '42': '42', '43': '43', '44': '44' }],
  ['rocky', 'rockylinux', { '8': '8', '9': '9', '10': '10' }],
  ['almalinux', 'almalinux', { '8': '8', '9': '9', '10': '10' }],
  ['centos-stream', 'centos', { '9': '9-Stream', '10': '10-Stream' }],
  ['opensuse', 'opensuse', { 'leap-15.6': '15.6', 'leap-16.0': '16.0', tumbleweed: 'tumbleweed' }],
  ['alpine', 'alpine', { '3.20': '3.20', '3.21': '3.21', '3.22': '3.22', '3.23': '3.23' }],
  ['amazonlinux', 'amazonlinux', { '2023': '2023' }],
  ['arch', 'archlinux', { latest: 'current' }],
]

/** The same distributions as images for containers, which their publishers do not offer themselves. */
export const lxdServerSources: readonly StreamOffer[] = PRODUCTS.map(([distribution, os, releases]) => ({
  kind: 'stream',
  distribution,
  releases: Object.fromEntries(Object.entries(releases).map(([release, stream]) => [release, { stream }])),
  architectures: { x64: 'amd64', arm64: 'arm64' },
  base: 'https://images.lxd.canonical.com/',
  index: 'streams/v1/index.json',
  product: `${os}:{stream}:{arch}:cloud`,
  hosts: ['*.canonical.com'],
  signature: { kind: 'none', why: 'the image server of LXD signs no index; LXD itself relies on https' },
  source: 'https://images.lxd.canonical.com/',
  checked: '2026-11-22, by memory of the form of its index',
  seen: false,
}))
