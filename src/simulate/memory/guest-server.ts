import type { AuthContext, Connection, ServerChannel, utils as Utils } from 'ssh2'
import { newSshIdentity } from '../../instance/ssh-keys.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import type { Guest } from '../../platforms/fake/guest.ts'
import { FakeTransport } from '../../platforms/fake/transport.ts'

const COMMAND_MS = 600_000

/** One key for all guests: making keys would be most of the work of a thousand launches. */
let hostKey: SshIdentity | undefined

/** The SSH server of a guest in memory. It says nothing while the guest is not up, and drops its lines when the guest goes down. */
export class GuestServer {
  readonly #server: { close(callback: () => void): void }
  readonly #connections: Set<Connection>

  /** What cloud-init prints on the console, by which others know the guest. */
  readonly shown: string

  private constructor(server: { close(callback: () => void): void }, connections: Set<Connection>, publicKey: string) {
    this.#server = server
    this.#connections = connections
    this.shown = `-----BEGIN SSH HOST KEY KEYS-----\n${publicKey}\n-----END SSH HOST KEY KEYS-----\n`
  }

  static async listen(guest: Guest, where: { host: string; port: number }): Promise<GuestServer> {
    const { default: ssh2 } = await import('ssh2')
    hostKey ??= newSshIdentity('guest')
    const connections = new Set<Connection>()
    const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (connection) => {
      connections.add(connection)
      connection.on('error', () => {})
      connection.on('close', () => connections.delete(connection))
      if (!guest.answers) return connection.end()
      connection.on('authentication', (context) => authenticate(guest, ssh2.utils, context))
      connection.on('ready', () => {
        // A line ends with the boot in which it began.
        const transport = new FakeTransport(guest, { fault: () => undefined, answer: () => undefined })
        connection.on('session', (accept) => {
          accept().on('exec', (acceptExec, _reject, { command }) => {
            run(transport, command, acceptExec()).catch(() => connection.end())
          })
        })
      })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(where.port, where.host, resolve)
    })
    return new GuestServer(server, connections, hostKey.publicKey)
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.end()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

function authenticate(guest: Guest, utils: typeof Utils, context: AuthContext): void {
  if (context.method !== 'publickey') return context.reject(['publickey'])
  const offered = context.key.data.toString('base64')
  const line = guest.files
    .read('/root/.ssh/authorized_keys')
    .toString()
    .split('\n')
    .find((known) => known.split(' ')[1] === offered)
  const key = line === undefined ? undefined : utils.parseKey(line)
  if (!key || key instanceof Error) return context.reject()
  const { signature, blob } = context
  if (!signature || !blob || key.verify(blob, signature, context.hashAlgo) === true) return context.accept()
  context.reject()
}

async function run(transport: FakeTransport, command: string, channel: ServerChannel): Promise<void> {
  const result = await transport.exec({ command, stdin: channel.stdin, deadlineMs: COMMAND_MS })
  // The end of a channel overtakes what waits for room in its window.
  await written(channel.stderr, result.stderr)
  await written(channel.stdout, result.stdout)
  channel.exit(result.exitCode)
  channel.end()
}

function written(to: NodeJS.WritableStream, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(data, (error) => (error ? reject(error) : resolve()))
  })
}
