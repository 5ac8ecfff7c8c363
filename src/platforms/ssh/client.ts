import { connectOpenSsh } from '../../instance/transport/openssh.ts'
import { connectSsh2 } from '../../instance/transport/ssh2.ts'
import type { Transport } from '../../instance/transport/transport.ts'
import type { Settings } from './options.ts'

/** Logs in to the machine. @throws TransportError */
export async function connect(
  settings: Settings,
  waiting: { deadlineMs: number; signal?: AbortSignal },
): Promise<Transport> {
  const { host, port, user, privateKey, hostKeys } = settings
  const open = settings.transport === 'openssh' ? connectOpenSsh : connectSsh2
  return await open({ host, port, user, privateKey, hostKeys, ...waiting })
}
