import { PlatformError } from '../../core/errors.ts'
import type { LxdClient } from './client.ts'
import { listGuestFolder, removeGuestFile, writeGuestFile } from './guest-files.ts'

const DEADLINE_MS = 60_000

/**
 * Takes from a stopped copy what must be its own: machine id, SSH host keys, and the random seed.
 * The instance id is new because the name is, and LXD renders the cloud-init seed again for a copy.
 */
export async function resetIdentity(client: LxdClient, instance: string): Promise<void> {
  await writeGuestFile(client, instance, new Uint8Array(), '/etc/machine-id', { mode: 0o444, deadlineMs: DEADLINE_MS })
  await removeGuestFile(client, instance, '/var/lib/dbus/machine-id')
  await removeGuestFile(client, instance, '/var/lib/systemd/random-seed')
  for (const name of await sshKeyFiles(client, instance)) await removeGuestFile(client, instance, `/etc/ssh/${name}`)
}

/** File names of the SSH host keys, private and public. */
export async function sshKeyFiles(client: LxdClient, instance: string): Promise<string[]> {
  try {
    const names = await listGuestFolder(client, instance, '/etc/ssh')
    return names.filter((name) => name.startsWith('ssh_host_'))
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return []
    throw error
  }
}
