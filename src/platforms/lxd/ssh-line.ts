import { TransportError, UnsupportedError } from '../../core/errors.ts'
import type { Machine } from '../../instance/machine.ts'
import type { SshIdentity } from '../../instance/ssh-keys.ts'
import { connectSsh2 } from '../../instance/transport/ssh2.ts'
import type { Transport } from '../../instance/transport/transport.ts'

/** Prints the first user who may log in with the key given as the whole text of stdin. */
const FIND_USER = `key=$(cat); while IFS=: read -r user _ uid _ _ home _; do
[ "$uid" -gt 0 ] && [ -r "$home/.ssh/authorized_keys" ] && grep -qF -- "$key" "$home/.ssh/authorized_keys" && { echo "$user"; exit; }
done </etc/passwd`

/**
 * Opens SSH to a running machine, as the user whom the agent gave our key. Address, user and host keys come through the
 * platform, so nothing that the network says is trusted.
 */
export async function openSshLine(
  machine: Machine,
  exec: Transport,
  identity: SshIdentity | undefined,
  options: { deadlineMs: number; signal?: AbortSignal },
): Promise<Transport> {
  if (!identity)
    throw new UnsupportedError('this machine was attached without an SSH key', {
      hint: 'open the platform with `identity`',
    })
  const key = identity.publicKey.split(' ').slice(0, 2).join(' ')
  const [found, addresses, hostKeys] = await Promise.all([
    exec.exec({
      command: FIND_USER,
      stdin: key,
      deadlineMs: options.deadlineMs,
      ...(options.signal ? { signal: options.signal } : {}),
    }),
    machine.addresses(),
    machine.hostKeys?.(),
  ])
  const user = Buffer.from(found.stdout).toString('utf8').trim()
  const host = addresses.find(
    (address) => address.family === 'ipv4' && address.scope === 'global' && address.nic !== 'lo',
  )?.address
  if (!user) throw new TransportError('refused', `no user of ${machine.name} has our key yet`)
  if (!host) throw new TransportError('refused', `${machine.name} has no IPv4 address yet`)
  if (!hostKeys?.length) throw new TransportError('refused', `${machine.name} has no SSH host keys yet`)
  return await connectSsh2({ host, user, privateKey: identity.privateKey, hostKeys, ...options })
}
