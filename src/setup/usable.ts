import { HarnessError } from '../core/errors.ts'
import { socketCandidates } from '../platforms/lxd/endpoint.ts'
import { askDaemon, openClient } from './daemon.ts'

interface Profile {
  devices: Record<string, Record<string, string>>
}

/** Socket of the first daemon this user may use and whose default profile gives a root disk and a network card, or undefined. */
export async function findUsableDaemon(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const socket of socketCandidates(env)) {
    if (await isUsable(socket)) return socket
  }
  return undefined
}

/** Whether containers can be launched through this socket as it is. */
export async function isUsable(socket: string): Promise<boolean> {
  if ((await askDaemon(socket))?.auth !== 'trusted') return false
  const client = openClient(socket)
  try {
    const { devices } = await client.get<Profile>('/1.0/profiles/default', { deadlineMs: 10_000 })
    const given = Object.values(devices)
    return (
      given.some((device) => device.type === 'disk' && device.path === '/') &&
      given.some((device) => device.type === 'nic')
    )
  } catch (error) {
    if (error instanceof HarnessError) return false
    throw error
  } finally {
    client.close()
  }
}
