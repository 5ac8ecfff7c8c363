import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { CancelledError, PrerequisiteError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { probeHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import { pause } from '../../core/wait-until.ts'
import { ChannelQueue } from './channel-queue.ts'
import { runChannel } from './channel.ts'
import type { Channel, ChannelEnd } from './channel.ts'
import { insist } from './refused-channel.ts'
import { killScript, wrapCommand } from './remote-command.ts'
import { parseHostKeys } from './ssh-target.ts'
import type { SshTarget } from './ssh-target.ts'
import type { ExecRequest, ExecResult, Transport } from './transport.ts'

/**
 * Logs in with the system's `ssh` and shares one connection among all commands. It knows every algorithm of a hardened server,
 * post-quantum key exchange included. Nothing of the user's own SSH configuration, agent or known hosts is used.
 * @throws TransportError as `connectSsh2`; PrerequisiteError when `ssh` is not installed
 */
export async function connectOpenSsh(target: SshTarget): Promise<Transport> {
  const folder = await makeTempDir('ssh')
  try {
    await chmod(folder, 0o700)
    const keys = parseHostKeys(target.hostKeys)
    await writeFile(join(folder, 'known_hosts'), keys.map((key) => `${ALIAS} ${key.type} ${key.base64}\n`).join(''), {
      mode: 0o600,
    })
    await writeFile(join(folder, 'key'), target.privateKey, { mode: 0o600 })
    return await openMaster(target, folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

const ALIAS = 'instance'

function sshArguments(target: SshTarget, folder: string): string[] {
  const options = {
    UserKnownHostsFile: join(folder, 'known_hosts'),
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    HostKeyAlias: ALIAS,
    IdentityFile: join(folder, 'key'),
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    PreferredAuthentications: 'publickey',
    BatchMode: 'yes',
    ConnectTimeout: String(Math.max(1, Math.ceil(target.deadlineMs / 1000))),
    ServerAliveInterval: '5',
    ServerAliveCountMax: '3',
    ControlPath: join(folder, 'c'),
    LogLevel: 'ERROR',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return ['-F', '/dev/null', ...flags, '-p', String(target.port ?? 22), '-l', target.user]
}

async function openMaster(target: SshTarget, folder: string): Promise<Transport> {
  const name = `${target.user}@${target.host}:${target.port ?? 22}`
  const base = sshArguments(target, folder)
  // detached: a Ctrl-C at the terminal must not cut the line before the cleanup has used it.
  const master = spawn('ssh', [...base, '-o', 'ControlMaster=yes', '-N', '-T', target.host], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  master.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096)
  })
  const ended = new Promise<Error>((resolve) => {
    master.on('error', (error) => resolve(missing(error)))
    master.on('exit', () => setImmediate(() => resolve(connectError(name, said))))
  })
  const started = performance.now()
  const failure = ended.then((error) => Promise.reject(error))
  failure.catch(() => undefined)
  try {
    for (;;) {
      if (target.signal?.aborted) throw new CancelledError(`cancelled while connecting to ${name}`)
      if (performance.now() - started > target.deadlineMs)
        throw new TransportError('timeout', `${name} did not answer in ${formatMs(target.deadlineMs)}`)
      const check = probeHost(['ssh', ...base, '-O', 'check', target.host], { deadlineMs: 5000 })
      const result = await Promise.race([check, failure])
      if (result.exitCode === 0) return new OpenSshTransport(target, folder, master, base)
      await Promise.race([pause(20, target.signal), failure])
    }
  } catch (error) {
    master.kill('SIGKILL')
    throw error
  }
}

class OpenSshTransport implements Transport {
  readonly kind = 'openssh'
  readonly user: string
  readonly #host: string
  readonly #folder: string
  readonly #master: ChildProcess
  readonly #base: readonly string[]
  readonly #queue = new ChannelQueue()
  readonly #killLimit = pLimit(1)
  readonly #gone: Promise<never>
  #lost = false

  constructor(target: SshTarget, folder: string, master: ChildProcess, base: readonly string[]) {
    this.user = target.user
    this.#host = target.host
    this.#folder = folder
    this.#master = master
    this.#base = base
    this.#gone = new Promise((_, reject) => {
      master.on('exit', () => {
        this.#lost = true
        reject(this.#lostError())
      })
    })
    this.#gone.catch(() => undefined)
  }

  #lostError(): TransportError {
    return new TransportError('lost', `the connection to ${this.user}@${this.#host} was lost`)
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    return await this.#queue.run(request, (due) => this.#run(due))
  }

  async #run(request: ExecRequest): Promise<ExecResult> {
    const { line, token } = wrapCommand(request.command, request.env, true)
    const kill = (pid: number) => this.#kill(pid, request.killWith)
    // What a stream has given is gone; other input can be sent again.
    const repeatable = !(typeof request.stdin === 'object' && !(request.stdin instanceof Uint8Array))
    return await insist(
      () => runChannel({ request, token, reportsEnd: true, open: () => this.#open(line), kill }),
      () => repeatable && !request.signal?.aborted,
    )
  }

  async #kill(pid: number, wrap: (command: string) => string = (command) => command): Promise<boolean> {
    const { line, token } = wrapCommand(wrap(killScript(pid)), {}, true)
    const request = { command: 'kill', deadlineMs: 5000 }
    const done = await this.#killLimit(() =>
      runChannel({ request, token, reportsEnd: true, open: () => this.#open(line), kill: async () => false }),
    )
    return done.exitCode === 0
  }

  async #open(line: string): Promise<Channel> {
    if (this.#lost) throw this.#lostError()
    // ControlMaster=no and the socket only: a client that finds no master must fail and not log in by itself.
    const child = spawn(
      'ssh',
      [...this.#base, '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false', '-T', this.#host, line],
      { detached: true },
    )
    const ended = new Promise<ChannelEnd>((resolve, reject) => {
      child.on('error', (error) => reject(missing(error)))
      child.on('close', (code, signal) => resolve({ code, ...(signal ? { signal } : {}) }))
    })
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      ended: Promise.race([ended, this.#gone]),
      abandon: () => {
        child.kill('SIGKILL')
      },
    }
  }

  async close(): Promise<void> {
    if (this.#master.exitCode === null && this.#master.signalCode === null) {
      const exited = new Promise((resolve) => this.#master.once('exit', resolve))
      this.#master.kill('SIGTERM')
      await Promise.race([exited, pause(2000)])
      this.#master.kill('SIGKILL')
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function missing(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error
  return new PrerequisiteError('`ssh` is not installed', { hint: 'apt-get install openssh-client' })
}

function connectError(name: string, said: string): TransportError {
  const why = said.trim().split('\n').slice(-2).join(' | ') || 'no reason given'
  if (/host key verification failed|host key is known for|REMOTE HOST IDENTIFICATION/i.test(said)) {
    return new TransportError('host-key', `${name} shows a host key that is not one of the known ones: ${why}`, {
      hint: 'another machine answers at this address, or the host keys given are old',
    })
  }
  if (/permission denied/i.test(said)) return new TransportError('auth', `${name} does not accept the key`)
  if (/timed out/i.test(said)) return new TransportError('timeout', `${name} did not answer: ${why}`)
  if (/no matching|unable to negotiate/i.test(said)) return new TransportError('protocol', `${name}: ${why}`)
  return new TransportError('refused', `${name} is not reachable: ${why}`)
}
