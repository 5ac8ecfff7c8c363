import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { runHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { newSshIdentity } from '../../../src/instance/ssh-keys.ts'
import type { SshIdentity } from '../../../src/instance/ssh-keys.ts'
import type { SshTarget } from '../../../src/instance/transport/ssh-target.ts'

const SSHD = '/usr/sbin/sshd'

/** Why no sshd can be started here, or undefined. */
export const noSshd = existsSync(SSHD) ? undefined : 'no sshd on this host: apt-get install openssh-server'

/** Why nobody but the current user can log in to the test's sshd, or undefined. */
export const notRoot =
  process.getuid?.() === 0 ? undefined : 'only root can start an sshd for several users: run the tests as root'

/** A real sshd on a free port of the loopback, with keys and a configuration of its own. Root gets a second user, `tester`. */
export class TestSshd implements AsyncDisposable {
  readonly port: number
  readonly folder: string
  readonly identity: SshIdentity
  readonly hostKeys: string[]
  readonly #process: ChildProcess

  constructor(port: number, folder: string, identity: SshIdentity, hostKeys: string[], process: ChildProcess) {
    this.port = port
    this.folder = folder
    this.identity = identity
    this.hostKeys = hostKeys
    this.#process = process
  }

  target(user = userInfo().username): SshTarget {
    return {
      host: '127.0.0.1',
      port: this.port,
      user,
      privateKey: this.identity.privateKey,
      hostKeys: this.hostKeys,
      deadlineMs: 10_000,
    }
  }

  /** Process ids of the sessions that sshd serves now, oldest first. */
  async sessions(): Promise<number[]> {
    return await descendants(this.#process.pid ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of await this.sessions()) signal(pid, 'SIGKILL')
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL')
      await exited
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

export async function startSshd(extraConfig = ''): Promise<TestSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'test-sshd-'))
  const port = await freePort()
  const identity = newSshIdentity('test')
  await runHost(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host_key')], { deadlineMs: 10_000 })
  await writeFile(join(folder, 'authorized_keys'), `${identity.publicKey}\n`, { mode: 0o644 })
  await runHost(['chmod', '755', folder], { deadlineMs: 5000 })
  await writeFile(
    join(folder, 'sshd_config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
PidFile none
PrintMotd no
MaxStartups 100
Subsystem sftp internal-sftp
${extraConfig}
`,
  )
  const process = notRoot
    ? spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' })
    : await spawnWithTester(folder)
  const key = (await readFile(join(folder, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
  const sshd = new TestSshd(port, folder, identity, [key], process)
  await waitUntil({ what: 'sshd to listen', deadlineMs: 10_000 }, async () => {
    const found = await readFile('/proc/net/tcp', 'utf8')
    const listening = found.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`)
    return listening ? { done: true, value: undefined } : { done: false, saw: 'nothing on the port' }
  })
  return sshd
}

/** The second user exists only in a mount namespace of the daemon: accounts of this host are not touched. */
async function spawnWithTester(folder: string): Promise<ChildProcess> {
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  await mkdir(join(folder, 'home'), { recursive: true })
  await runHost(['chown', '61234:61234', join(folder, 'home')], { deadlineMs: 5000 })
  // Root too gets another home there: what this host's root has in its start-up files must not slow down or change the tests.
  await mkdir(join(folder, 'root-home'), { recursive: true })
  // The whole folder: a mount on one file is gone as soon as the host replaces that file, as every installation of a package may.
  const etc = join(folder, 'etc')
  await runHost(['cp', '-a', '/etc', etc], { deadlineMs: 60_000 })
  const rootElsewhere = `$1${folder}/root-home:/bin/sh`
  const accounts = (await readFile('/etc/passwd', 'utf8')).replace(/^(root:.*:)[^:\n]*:[^:\n]*$/m, rootElsewhere)
  await writeFile(join(etc, 'passwd'), `${accounts}tester:x:61234:61234::${folder}/home:/bin/sh\n`)
  await appendFile(join(etc, 'group'), 'tester:x:61234:\n')
  await appendFile(join(etc, 'shadow'), 'tester:*:19000:0:99999:7:::\n')
  const script = `mount --bind ${etc} /etc && exec ${SSHD} -D -e -f ${folder}/sshd_config`
  return spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { stdio: 'ignore' })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended by itself
  }
}

/** True while a process exists and is no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

async function descendants(root: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    const parent = Number(/\) \S (\d+)/.exec(stat)?.[1])
    if (parent) parents.set(Number(entry), parent)
  }
  const found = new Set([root])
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  found.delete(root)
  return [...found].sort((a, b) => a - b)
}
