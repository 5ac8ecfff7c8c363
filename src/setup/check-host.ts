import { readFile, statfs } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { freemem, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { cacheDir } from '../core/paths.ts'
import { probeHost } from '../core/subprocess.ts'
import type { Prerequisite } from '../platforms/platform.ts'
import { findCommand, isRoot } from './host.ts'
import { lowLimits } from './kernel-limits.ts'
import { findDaemon, IMAGE_TOOLS, QEMU_TOOLS } from './packages.ts'
import { findUsableDaemon } from './usable.ts'

const GIB = 1024 ** 3
const SETUP = './harness setup'

/** What this host has of what the harness can use, each with the command that fixes it. Changes nothing. */
export async function checkHost(env: NodeJS.ProcessEnv = process.env): Promise<Prerequisite[]> {
  return [
    nodeVersion(),
    await rights(),
    await lxd(env),
    ...IMAGE_TOOLS.filter((tool) => tool.command === 'mmdebstrap' || tool.command === 'mksquashfs').map(
      ({ command = '', package: name, use }) => tool(command, name, use),
    ),
    ...QEMU_TOOLS.flatMap(({ command, package: name, use }) =>
      command === undefined ? [] : [optional(tool(command, name, use))],
    ),
    optional(btrfs()),
    optional(await userNamespaces()),
    await limits(),
    await disk(),
    await memory(),
    optional(tool('ssh', 'openssh-client', 'reaches machines by the OpenSSH transport')),
    optional(await java()),
  ]
}

function optional(found: Prerequisite): Prerequisite {
  return { ...found, optional: true }
}

function nodeVersion(): Prerequisite {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > 24 || (major === 24 && minor >= 15)
  return {
    name: 'node',
    ok,
    detail: process.version,
    ...(ok ? {} : { fix: 'install Node 24.15 or newer, or start ./harness, which brings its own' }),
  }
}

async function rights(): Promise<Prerequisite> {
  const { username } = userInfo()
  if (isRoot()) return { name: 'rights', ok: true, detail: 'root' }
  const groups = (await probeHost(['id', '-Gn'], { deadlineMs: 10_000 })).stdout.trim().split(' ')
  const group = groups.find((name) => name === 'lxd' || name === 'incus-admin')
  if (group) return { name: 'rights', ok: true, detail: `${username}, in the group ${group}` }
  return {
    name: 'rights',
    ok: false,
    detail: `${username} is neither root nor in the group lxd`,
    fix: `sudo usermod -aG lxd ${username}, then sign in again`,
  }
}

async function lxd(env: NodeJS.ProcessEnv): Promise<Prerequisite> {
  const socket = await findUsableDaemon(env)
  if (socket !== undefined) return { name: 'lxd', ok: true, detail: socket }
  const daemon = findDaemon()
  return {
    name: 'lxd',
    ok: false,
    detail: daemon ? `${daemon.kind} is installed; no daemon is usable` : 'not installed',
    fix: SETUP,
  }
}

function tool(command: string, name: string, use: string): Prerequisite {
  const path = findCommand(command)
  return path === undefined
    ? { name: command, ok: false, detail: `missing; it ${use}`, fix: `apt-get install ${name}` }
    : { name: command, ok: true, detail: path }
}

function btrfs(): Prerequisite {
  const path = findCommand('mkfs.btrfs')
  if (path !== undefined) return { name: 'btrfs', ok: true, detail: path }
  return {
    name: 'btrfs',
    ok: false,
    detail: 'missing; without it snapshots and copies of containers are slow',
    fix: 'apt-get install btrfs-progs',
  }
}

/** Only builds without root need them. */
async function userNamespaces(): Promise<Prerequisite> {
  const name = 'user namespaces'
  if (!existsSync('/proc/self/ns/user'))
    return { name, ok: false, detail: 'the kernel has none', fix: 'boot a kernel with CONFIG_USER_NS' }
  if (isRoot()) return { name, ok: true, detail: 'not needed by root' }
  const allowed = await probeHost(['unshare', '--user', '--map-root-user', '--map-auto', 'true'], {
    deadlineMs: 10_000,
  })
  if (allowed.exitCode === 0) return { name, ok: true, detail: 'with subordinate ids' }
  return {
    name,
    ok: false,
    detail: allowed.stderr.trim().slice(0, 200),
    fix: 'apt-get install uidmap; and give the user a range in /etc/subuid and /etc/subgid',
  }
}

async function limits(): Promise<Prerequisite> {
  const low = await lowLimits()
  if (low.length === 0) return { name: 'kernel limits', ok: true, detail: 'enough for many containers' }
  const detail = `too low for more than a few containers: ${low.map(({ name }) => name).join(', ')}`
  return {
    name: 'kernel limits',
    ok: false,
    detail,
    fix: low.map(({ name, atLeast }) => `sysctl -w ${name}=${atLeast}`).join(' && '),
  }
}

async function disk(): Promise<Prerequisite> {
  let directory = cacheDir()
  while (!existsSync(directory)) directory = dirname(directory)
  const { bavail, bsize } = await statfs(directory)
  const free = (bavail * bsize) / GIB
  const ok = free >= 5
  return {
    name: 'disk',
    ok,
    detail: `${free.toFixed(1)} GiB free in ${directory}`,
    ...(ok ? {} : { fix: 'free 5 GiB, or set HARNESS_CACHE_DIR to a larger disk' }),
  }
}

async function memoryAvailable(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '')
  const kib = /^MemAvailable:\s+(\d+)/m.exec(text)?.[1]
  return kib === undefined ? freemem() : Number(kib) * 1024
}

async function memory(): Promise<Prerequisite> {
  const available = (await memoryAvailable()) / GIB
  const ok = available >= 1
  return {
    name: 'memory',
    ok,
    detail: `${available.toFixed(1)} GiB available`,
    ...(ok ? {} : { fix: 'free 1 GiB of memory, or run fewer cells at once' }),
  }
}

async function java(): Promise<Prerequisite> {
  if (findCommand('java') === undefined)
    return {
      name: 'java',
      ok: false,
      detail: 'missing; only `harness report --allure` needs it',
      fix: 'apt-get install default-jre-headless',
    }
  const version = await probeHost(['java', '-version'], { deadlineMs: 20_000 })
  return { name: 'java', ok: version.exitCode === 0, detail: (version.stderr || version.stdout).split('\n')[0] ?? '' }
}
