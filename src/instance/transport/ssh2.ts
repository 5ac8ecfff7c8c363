import type { Client, ClientChannel } from 'ssh2'
import pLimit from 'p-limit'
import { CancelledError, TransportError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { pause } from '../../core/wait-until.ts'
import { ChannelQueue } from './channel-queue.ts'
import { runChannel } from './channel.ts'
import type { Channel, ChannelEnd } from './channel.ts'
import { killScript, wrapCommand } from './remote-command.ts'
import { ChannelRefusedError } from './refused-channel.ts'
import { parseHostKeys } from './ssh-target.ts'
import { runOnTerminal } from './ssh2-terminal.ts'
import type { SshTarget } from './ssh-target.ts'
import type { TerminalRequest } from '../machine.ts'
import type { ExecRequest, ExecResult, Transport } from './transport.ts'

/**
 * Logs in with the ssh2 library: one connection, no delay, keepalive. Only the given host keys are trusted.
 * @throws TransportError host-key, auth; refused and timeout, which are retryable
 */
export async function connectSsh2(target: SshTarget): Promise<Transport> {
  const { default: ssh2 } = await import('ssh2')
  const keys = parseHostKeys(target.hostKeys)
  const trusted = new Set(keys.map((key) => key.base64))
  const client = new ssh2.Client()
  let shown: string | undefined
  const name = `${target.user}@${target.host}:${target.port ?? 22}`
  await new Promise<void>((resolve, reject) => {
    const giveUp = (error: Error) => {
      clearTimeout(timer)
      target.signal?.removeEventListener('abort', cancel)
      client.destroy()
      target.stream?.destroy()
      reject(error)
    }
    const cancel = () => giveUp(new CancelledError(`cancelled while connecting to ${name}`))
    const timer = setTimeout(
      () => giveUp(new TransportError('timeout', `${name} did not answer in ${formatMs(target.deadlineMs)}`)),
      target.deadlineMs,
    )
    if (target.signal?.aborted) return cancel()
    target.signal?.addEventListener('abort', cancel, { once: true })
    // Stays for the life of the client: more than one error may come, and one without a listener ends the process.
    client.on('error', (error: Error & { level?: string; code?: string }) => {
      giveUp(shown === undefined ? connectError(name, error) : hostKeyError(name, shown))
    })
    client.on('close', () => giveUp(new TransportError('refused', `${name} closed the connection during login`)))
    client.on('ready', () => {
      clearTimeout(timer)
      target.signal?.removeEventListener('abort', cancel)
      resolve()
    })
    client.connect({
      host: target.host,
      port: target.port ?? 22,
      ...(target.stream ? { sock: target.stream } : {}),
      username: target.user,
      privateKey: target.privateKey,
      readyTimeout: target.deadlineMs + 1000,
      keepaliveInterval: 5000,
      keepaliveCountMax: 3,
      ...(keys.length > 0 ? { algorithms: { serverHostKey: hostKeyAlgorithms(keys.map((key) => key.type)) } } : {}),
      hostVerifier: (key: Buffer) => {
        const base64 = key.toString('base64')
        if (trusted.has(base64)) return true
        shown = base64
        return false
      },
    })
    client.setNoDelay(true)
  })
  return new Ssh2Transport(client, target.user, name)
}

class Ssh2Transport implements Transport {
  readonly kind = 'ssh2'
  readonly user: string
  readonly #client: Client
  readonly #name: string
  readonly #queue = new ChannelQueue()
  readonly #killLimit = pLimit(1)
  readonly #gone = Promise.withResolvers<never>()
  #why: string | undefined

  constructor(client: Client, user: string, name: string) {
    this.#client = client
    this.user = user
    this.#name = name
    this.#gone.promise.catch(() => undefined)
    client.on('error', (error) => this.#lose(error.message))
    client.on('close', () => this.#lose('closed'))
    client.on('end', () => this.#lose('ended by the other side'))
  }

  #lose(why: string): void {
    this.#why ??= why
    this.#gone.reject(new TransportError('lost', `the connection to ${this.#name} was lost (${this.#why})`))
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    return await this.#queue.run(request, (due) => this.#run(due))
  }

  async #run(request: ExecRequest): Promise<ExecResult> {
    const { line, token } = wrapCommand(request.command, request.env)
    const kill = (pid: number) => this.#kill(pid, request.killWith)
    return await runChannel({ request, token, reportsEnd: false, open: () => this.#open(line), kill })
  }

  async #kill(pid: number, wrap: (command: string) => string = (command) => command): Promise<boolean> {
    const { line, token } = wrapCommand(wrap(killScript(pid)))
    const request = { command: 'kill', deadlineMs: 5000 }
    const done = await this.#killLimit(() =>
      runChannel({ request, token, reportsEnd: false, open: () => this.#open(line), kill: async () => false }),
    )
    return done.exitCode === 0
  }

  async #open(line: string): Promise<Channel> {
    const opened = new Promise<Channel>((resolve, reject) => {
      if (this.#why !== undefined)
        return reject(new TransportError('lost', `the connection to ${this.#name} was lost (${this.#why})`))
      try {
        this.#client.exec(line, (error, channel) => {
          if (error) reject(this.#noChannel(error))
          // The exit code of a short command may be in the packet that opened the channel: listeners must be there already.
          else resolve(this.#channel(channel))
        })
      } catch (error) {
        reject(new TransportError('lost', `the connection to ${this.#name} was lost`, { cause: error }))
      }
    })
    return await Promise.race([opened, this.#gone.promise])
  }

  #noChannel(error: Error & { reason?: unknown }): TransportError {
    const message = `${this.#name} opened no channel: ${error.message}`
    if (this.#why !== undefined) return new TransportError('lost', message, { cause: error })
    // 2 and 4 of RFC 4254: the connect failed, or resources are short. 1 is a prohibition.
    const passing = error.reason === 2 || error.reason === 4
    return new (passing ? ChannelRefusedError : TransportError)('protocol', message, { cause: error })
  }

  #channel(channel: ClientChannel): Channel {
    const ended = new Promise<ChannelEnd>((resolve) => {
      let end: ChannelEnd = { code: null }
      channel.on('exit', (code: number | null, signal?: string) => {
        end = { code, ...(signal ? { signal } : {}) }
      })
      channel.on('close', () => resolve(end))
    })
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      ended: Promise.race([ended, this.#gone.promise]),
      abandon: () => {
        channel.resume()
        channel.stderr.resume()
        channel.close()
      },
    }
  }

  async terminal(command: string, request: TerminalRequest): Promise<number> {
    return await Promise.race([runOnTerminal(this.#client, command, request), this.#gone.promise])
  }

  async close(): Promise<void> {
    if (this.#why !== undefined) return
    this.#why = 'closed by us'
    const closed = new AbortController()
    this.#client.once('close', () => closed.abort())
    this.#client.end()
    await pause(2000, closed.signal)
    this.#client.destroy()
    this.#lose('closed by us')
  }
}

function connectError(name: string, error: Error & { level?: string; code?: string }): TransportError {
  const details = { cause: error }
  if (error.level === 'client-authentication')
    return new TransportError('auth', `${name} does not accept the key`, details)
  if (error.level === 'client-timeout')
    return new TransportError('timeout', `${name} did not answer the handshake`, details)
  if (/no matching/i.test(error.message)) {
    return new TransportError('protocol', `${name} and ssh2 have no algorithm in common: ${error.message}`, {
      ...details,
      hint: 'use the openssh transport',
    })
  }
  // A forwarded port takes the connection also while nothing behind it listens, and closes it then.
  if (/lost before handshake/i.test(error.message))
    return new TransportError('refused', `${name} closed the connection before it said anything`, details)
  if (error.level === 'protocol' || error.level === 'handshake')
    return new TransportError('protocol', `${name}: ${error.message}`, details)
  return new TransportError('refused', `${name} is not reachable: ${error.message}`, details)
}

function hostKeyError(name: string, base64: string): TransportError {
  return new TransportError(
    'host-key',
    `${name} shows a host key that is not one of the known ones: ${base64.slice(0, 80)}`,
    {
      hint: 'another machine answers at this address, or the host keys given are old',
    },
  )
}

/** Only algorithms of the keys that are known: the server would otherwise choose another of its keys. */
function hostKeyAlgorithms(types: string[]): never {
  const all = types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]))
  return [...new Set(all)] as never
}
