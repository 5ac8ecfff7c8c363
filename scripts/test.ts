import type {} from 'vitest/config'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCLI, startVitest } from 'vitest/node'
import { SummaryReporter } from './test-summary.ts'

const ROOT = join(import.meta.dirname, '..')

/** What tests use besides the harness itself; each test that misses one says so. By command or file, package names of Debian. */
const TEST_PACKAGES: Readonly<Record<string, string>> = {
  shellcheck: 'shellcheck',
  busybox: 'busybox',
  cpio: 'cpio',
  dash: 'dash',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  chromium: 'chromium',
  java: 'default-jre-headless',
  pg_lsclusters: 'postgresql',
  gpg: 'gnupg',
  openssl: 'openssl',
  'dpkg-scanpackages': 'dpkg-dev',
  rsync: 'rsync',
  'systemd-analyze': 'systemd',
  guestfish: 'guestfish',
  depmod: 'kmod',
  'mkfs.xfs': 'xfsprogs',
  'qemu-system-x86_64': 'qemu-system-x86',
  '/usr/share/OVMF': 'ovmf',
  'qemu-system-aarch64': 'qemu-system-arm',
  '/usr/share/AAVMF/AAVMF_CODE.fd': 'qemu-efi-aarch64',
  '/usr/lib/python3/dist-packages/boto3': 'python3-boto3',
  '/usr/lib/python3/dist-packages/libcloud': 'python3-libcloud',
}

/** With root and apt, everything the tests can use is installed; elsewhere nothing is touched and tests say what they miss. */
function prepareHost(): void {
  if (process.getuid?.() !== 0 || !isDebian() || process.env.HARNESS_TEST_SETUP === 'no') return
  const missing = Object.entries(TEST_PACKAGES).filter(([command]) => !isThere(command))
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name)
    console.log(`installing ${packages.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run(['apt-get', 'update', '-qq'], env)
    run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], env)
  }
  run([join(ROOT, 'harness'), 'setup', '--yes', '--qemu'], process.env)
}

/** A preparation that fails is not the end: the tests that need it say so. */
function run(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv): void {
  const [file, ...args] = command
  const { status, error } = spawnSync(file, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 900_000,
  })
  if (status !== 0) console.log(`\`${command.join(' ')}\` failed: ${error?.message ?? `exit ${status}`}`)
}

function isDebian(): boolean {
  if (!existsSync('/etc/os-release') || !onPath('apt-get')) return false
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
}

/** A command, or the path of a file. */
function isThere(what: string): boolean {
  return what.startsWith('/') ? existsSync(what) : onPath(what)
}

function onPath(command: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)))
}

prepareHost()
const summary = new SummaryReporter()
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
const vitest = await startVitest('test', filter, {
  ...options,
  root: ROOT,
  watch: false,
  reporters: ['default', summary],
})
await vitest.close()
console.log(summary.text())
process.exitCode = summary.failed > 0 ? 1 : 0
