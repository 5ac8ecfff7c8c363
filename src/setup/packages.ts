import { existsSync } from 'node:fs'
import { probeHost, runHost } from '../core/subprocess.ts'
import { findCommand, systemPath } from './host.ts'

/** A tool of the host: what shows that it is there, the Debian package that brings it, and what it is for. */
interface Tool {
  command?: string
  path?: string
  package: string
  use: string
}

export const IMAGE_TOOLS: readonly Tool[] = [
  { command: 'mmdebstrap', package: 'mmdebstrap', use: 'builds images' },
  { command: 'mksquashfs', package: 'squashfs-tools', use: 'packs and opens images' },
  { command: 'mount', package: 'mount', use: 'opens images without unpacking them' },
  { command: 'xz', package: 'xz-utils', use: 'packs the metadata of images' },
  { command: 'newuidmap', package: 'uidmap', use: 'builds images without root' },
  {
    path: '/usr/share/keyrings/debian-archive-keyring.gpg',
    package: 'debian-archive-keyring',
    use: 'checks what is downloaded',
  },
]

const DAEMON_TOOLS: readonly Tool[] = [
  { command: 'dnsmasq', package: 'dnsmasq-base', use: 'gives addresses to containers' },
  { command: 'mkfs.btrfs', package: 'btrfs-progs', use: 'makes copies of containers instant' },
  { command: 'nft', package: 'nftables', use: 'lets containers reach the network' },
  { command: 'lxcfs', package: 'lxcfs', use: 'shows containers their own limits' },
  { command: 'ip', package: 'iproute2', use: 'finds a free network' },
]

/** What turns a recipe into a disk, and checks one that was downloaded. */
const DISK_TOOLS: readonly Tool[] = [
  { command: 'qemu-img', package: 'qemu-utils', use: 'reads and writes disk images' },
  { command: 'sfdisk', package: 'fdisk', use: 'divides disks' },
  { command: 'mke2fs', package: 'e2fsprogs', use: 'makes root file systems' },
  { command: 'mkfs.vfat', package: 'dosfstools', use: 'makes EFI partitions' },
  { command: 'mcopy', package: 'mtools', use: 'fills EFI partitions' },
  { command: 'gpgv', package: 'gpgv', use: 'checks signatures of official images' },
]

/** What machines of QEMU for the architecture of this host need. */
export const QEMU_TOOLS: readonly Tool[] =
  process.arch === 'arm64'
    ? [
        { command: 'qemu-system-aarch64', package: 'qemu-system-arm', use: 'runs virtual machines' },
        { path: '/usr/share/AAVMF/AAVMF_CODE.fd', package: 'qemu-efi-aarch64', use: 'is their firmware' },
        ...DISK_TOOLS,
      ]
    : [
        { command: 'qemu-system-x86_64', package: 'qemu-system-x86', use: 'runs virtual machines' },
        { path: '/usr/share/OVMF', package: 'ovmf', use: 'is their firmware' },
        ...DISK_TOOLS,
      ]

const APT_MS = 1_200_000

/**
 * Names of the Debian packages whose tools are missing.
 * @param daemon adds LXD, or Incus where the archive has no LXD, and what it needs
 * @param qemu adds QEMU
 */
export async function missingPackages(daemon: boolean, qemu = false): Promise<string[]> {
  const tools = [...IMAGE_TOOLS, ...(daemon ? DAEMON_TOOLS : []), ...(qemu ? QEMU_TOOLS : [])]
  const missing = tools.filter((tool) => !isThere(tool)).map((tool) => tool.package)
  if (daemon && !findDaemon()) missing.unshift(await daemonPackage())
  return missing
}

/** What missing packages are for, one clause each. */
export function usesOf(packages: readonly string[]): string {
  const uses = [...IMAGE_TOOLS, ...DAEMON_TOOLS, ...QEMU_TOOLS]
    .filter((tool) => packages.includes(tool.package))
    .map((tool) => `${tool.package} ${tool.use}`)
  return [
    ...packages.filter((name) => /^(?:lxd|incus)/.test(name)).map((name) => `${name} runs the containers`),
    ...uses,
  ].join('; ')
}

/** The commands that install packages, as they are run. */
export function installCommands(packages: readonly string[]): [string, ...string[]][] {
  const wait = ['-o', 'DPkg::Lock::Timeout=120']
  return [
    ['apt-get', ...wait, '-q', 'update'],
    [
      'apt-get',
      ...wait,
      '-q',
      '-y',
      '--no-install-recommends',
      '-o',
      'Dpkg::Options::=--force-confold',
      'install',
      ...packages,
    ],
  ]
}

/** Runs those commands. @throws SubprocessError with the last lines of apt */
export async function installPackages(
  packages: readonly string[],
  options: { onLine: (line: string) => void; signal?: AbortSignal },
): Promise<void> {
  const env = { ...process.env, PATH: systemPath(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
  for (const command of installCommands(packages)) {
    await runHost(command, {
      env,
      deadlineMs: APT_MS,
      onLine: (line) => options.onLine(line),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  }
}

export interface Daemon {
  kind: 'lxd' | 'incus'
  command: string
}

/** The daemon that is installed. */
export function findDaemon(): Daemon | undefined {
  const lxd = findCommand('lxd')
  // the one of a snap only runs inside its snap, as a service of its own
  if (lxd && !lxd.startsWith('/snap/')) return { kind: 'lxd', command: lxd }
  const incus = [findCommand('incusd'), '/usr/libexec/incus/incusd', '/opt/incus/bin/incusd'].find(
    (path) => path !== undefined && existsSync(path),
  )
  return incus ? { kind: 'incus', command: incus } : undefined
}

/** `lxd` of some archives only installs a snap. */
async function daemonPackage(): Promise<string> {
  const policy = await probeHost(['apt-cache', 'policy', 'lxd'], { deadlineMs: 30_000 }).catch(() => undefined)
  const candidate = /Candidate: (\S+)/.exec(policy?.stdout ?? '')?.[1] ?? '(none)'
  const incus = await probeHost(['apt-cache', 'policy', 'incus-base'], { deadlineMs: 30_000 }).catch(() => undefined)
  const hasIncus = /Candidate: [^(]/.test(incus?.stdout ?? '')
  return (candidate === '(none)' || candidate.includes('snap')) && hasIncus ? 'incus-base' : 'lxd'
}

function isThere(tool: Tool): boolean {
  return tool.command === undefined ? existsSync(tool.path ?? '') : findCommand(tool.command) !== undefined
}
