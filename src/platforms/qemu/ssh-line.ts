import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TransportError, UnsupportedError } from '../../core/errors.ts'
import { registerSecret } from '../../core/redact.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import { shownHostKey } from '../../instance/transport/shown-host-key.ts'
import { connectSsh2 } from '../../instance/transport/ssh2.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import { KEY } from './arguments.ts'
import { askQemu } from './client.ts'
import type { Waiting } from './client.ts'
import { readConsole } from './console.ts'
import { monitorOf } from './process.ts'

const HOST = '127.0.0.1'
const SHOW_MS = 10_000

/** Default users of distributions, with what their consoles show. */
const USERS: readonly (readonly [user: string, sign: RegExp])[] = [
  ['debian', /Debian/],
  ['ubuntu', /Ubuntu/],
  ['fedora', /Fedora/],
  ['rocky', /Rocky/],
  ['almalinux', /AlmaLinux/],
  ['opensuse', /openSUSE/],
  ['alpine', /Alpine/],
  ['freebsd', /FreeBSD/],
  ['cloud-user', /CentOS|Red Hat/],
  ['ec2-user', /Amazon Linux|SUSE Linux Enterprise/],
  ['root', /^$/],
]

/** What is known of the SSH server of a machine since the last login. */
export interface SshMemory {
  port?: number
  hostKey?: string
  user?: string
}

/**
 * Logs in through the port that the machine's own QEMU forwards to it. That process was started here and holds the port for as long
 * as it lives, so what answers behind it is the guest and nobody else; the host key it shows there is the one that is trusted, and a
 * boot may change it. Nothing is put into the guest for this: its own host keys are what checks look at.
 * @throws TransportError, retryable while the machine is not up
 */
export async function openSshLine(
  machine: { dir: string; name: string; user: string | undefined; memory: SshMemory; sshKeys: readonly string[] },
  identity: SshIdentity | undefined,
  waiting: Waiting,
): Promise<Transport> {
  const { memory } = machine
  const privateKey = await keyFor(machine, identity)
  if (privateKey === undefined)
    throw new UnsupportedError('this machine was attached without an SSH key', {
      hint: 'open the platform with `identity`',
    })
  const until = performance.now() + waiting.deadlineMs
  const left = () => ({
    deadlineMs: Math.max(1, until - performance.now()),
    ...(waiting.signal ? { signal: waiting.signal } : {}),
  })
  const port = (memory.port ??= await forwardedPort(machine.dir, 22, left()))
  const hostKey = (memory.hostKey ??= await shownHostKey({
    host: HOST,
    port,
    ...left(),
    // A guest that is not up yet takes connections and says nothing.
    deadlineMs: Math.min(left().deadlineMs, SHOW_MS),
  }))
  let failure: unknown
  for (const user of await users(machine)) {
    try {
      const target = { host: HOST, port, user, privateKey, hostKeys: [hostKey] }
      const transport = await connectSsh2({ ...target, ...left() })
      memory.user = user
      await keepKey(machine.dir, privateKey)
      return transport
    } catch (error) {
      if (error instanceof TransportError && error.reason === 'host-key') delete memory.hostKey
      if (!(error instanceof TransportError && error.reason === 'auth')) throw error
      failure = error
    }
  }
  throw failure
}

/** The key the machine was launched with is kept beside its disk, so that a later process can attach to it. */
async function keyFor(
  { dir, sshKeys }: { dir: string; sshKeys: readonly string[] },
  identity: SshIdentity | undefined,
): Promise<string | undefined> {
  if (identity && sshKeys.includes(identity.publicKey)) return identity.privateKey
  const kept = await readFile(join(dir, KEY), 'utf8').catch(() => undefined)
  if (kept !== undefined) registerSecret(kept)
  return kept ?? identity?.privateKey
}

async function keepKey(dir: string, privateKey: string): Promise<void> {
  await writeFile(join(dir, KEY), privateKey, { mode: 0o600, flag: 'wx' }).catch(() => undefined)
}

/** Who may be logged in as, the likeliest first. */
async function users({
  dir,
  user,
  memory,
}: {
  dir: string
  user: string | undefined
  memory: SshMemory
}): Promise<string[]> {
  if (user !== undefined) return [user]
  const console = await readConsole(dir)
  const named = [...console.matchAll(/Authorized keys from \S{1,256} for user ([A-Za-z_][A-Za-z0-9._-]{0,31})/g)].at(
    -1,
  )?.[1]
  const likely = USERS.filter(([, sign]) => sign.test(console)).map(([name]) => name)
  const all = [memory.user, named, ...likely, ...USERS.map(([name]) => name)]
  return [...new Set(all.filter((name) => name !== undefined))]
}

/** The port of this host that QEMU chose for a port of the guest. */
async function forwardedPort(dir: string, guest: number, waiting: Waiting): Promise<number> {
  const command = { 'command-line': 'info usernet' }
  const answer = String(await askQemu(monitorOf(dir), [['human-monitor-command', command]], waiting))
  const port = parseForwards(answer).find((forward) => forward.guest === guest)?.host
  if (port === undefined) throw new TransportError('refused', `QEMU forwards no port to port ${guest} of the guest`)
  return port
}

/** Reads the forwards in what `info usernet` says. */
export function parseForwards(text: string): { host: number; guest: number }[] {
  return [...text.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)/g)].map((match) => ({
    host: Number(match[1]),
    guest: Number(match[2]),
  }))
}
