import { PlatformError } from '../../core/errors.ts'
import { definePlatform } from '../platform.ts'
import type { ServerInfo } from './api.ts'
import { LxdClient } from './client.ts'
import { examine } from './doctor.ts'
import { describeEndpoint, findEndpoint } from './endpoint.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { LxdOptions } from './options.ts'
import { LxdSession } from './session.ts'

export default definePlatform<LxdOptions>({
  manifest,

  async open(options) {
    const checked = parseOptions(options)
    const endpoint = await findEndpoint(checked)
    const client = new LxdClient(endpoint, checked.project)
    try {
      const server = await client.get<ServerInfo>('/1.0', { deadlineMs: 15_000 })
      if (server.auth === 'trusted') return new LxdSession(client, checked, server)
    } catch (error) {
      client.close()
      throw error
    }
    client.close()
    throw new PlatformError('auth', `LXD at ${describeEndpoint(endpoint)} does not trust this client`, {
      hint: 'let the server trust the client certificate: lxc config trust add CERTIFICATE',
    })
  },

  doctor: (options) => examine(parseOptions(options)),
})
