import { TransportError, UnsupportedError } from '../core/errors.ts'
import type { SshIdentity } from '../instance/ssh-keys.ts'
import { connectSsh2 } from '../instance/transport/ssh2.ts'
import type { Transport } from '../instance/transport/transport.ts'
import type { Dial } from './web-tunnel.ts'

/** Where a machine of a cloud answers SSH, and what its API says of it. */
export interface CloudTarget {
  name: string
  /** Address, and the port when it is not 22, or a way through a service of the cloud; undefined while the machine has none. */
  at: { host: string; port?: number } | { dial: Dial } | undefined
  /** Login users, the likeliest first. */
  users: readonly string[]
  /** The host keys as the guest told them through the API, never from the network. */
  hostKeys: () => Promise<readonly string[]>
}

interface Waiting {
  deadlineMs: number
  signal?: AbortSignal
}

/**
 * Logs in over SSH. Only host keys that the API of the cloud tells are trusted.
 * @throws TransportError, retryable while the machine is not up; UnsupportedError without a key
 */
export async function openCloudLine(
  target: CloudTarget,
  identity: SshIdentity | undefined,
  waiting: Waiting,
): Promise<Transport> {
  if (identity === undefined)
    throw new UnsupportedError(`${target.name} was attached without an SSH key`, {
      hint: 'open the platform with `identity`',
    })
  if (target.at === undefined) throw new TransportError('refused', `${target.name} has no address yet`)
  const hostKeys = await target.hostKeys()
  if (hostKeys.length === 0) throw new TransportError('refused', `${target.name} has not told its host keys yet`)
  let failure: unknown
  for (const user of target.users) {
    try {
      const { at } = target
      const where = 'dial' in at ? { host: target.name, stream: await at.dial(waiting) } : at
      return await connectSsh2({ ...where, user, privateKey: identity.privateKey, hostKeys, ...waiting })
    } catch (error) {
      if (!(error instanceof TransportError && error.reason === 'auth')) throw error
      failure = error
    }
  }
  throw failure
}

const BLOCK = /-----BEGIN SSH HOST KEY KEYS-----([\s\S]*?)-----END SSH HOST KEY KEYS-----/g

/** Host keys of the last boot that printed them, as cloud-init writes them to a console; lines may carry a prefix. */
export function hostKeysIn(console: string): string[] {
  const block = [...console.matchAll(BLOCK)].at(-1)?.[1] ?? ''
  const found = block.matchAll(/\b((?:ssh|ecdsa)-[a-z0-9-]{1,40}) ([A-Za-z0-9+/]{40,2000}={0,2})/g)
  return [...found].map((match) => `${match[1]} ${match[2]}`)
}

/** Default users of images by the id of their distribution, as cloud-init of each distribution names them. */
const USERS: Readonly<Record<string, string>> = {
  debian: 'debian',
  ubuntu: 'ubuntu',
  fedora: 'fedora',
  rocky: 'rocky',
  almalinux: 'almalinux',
  centos: 'cloud-user',
  rhel: 'cloud-user',
  ol: 'cloud-user',
  'opensuse-leap': 'opensuse',
  'opensuse-tumbleweed': 'opensuse',
  alpine: 'alpine',
  freebsd: 'freebsd',
  arch: 'arch',
}

/** Who may be logged in as on an image of a distribution. Default `debian`. */
export function defaultUser(distribution: string): string {
  return USERS[distribution] ?? 'debian'
}
