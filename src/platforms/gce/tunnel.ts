import type { Duplex } from 'node:stream'
import type { CallWaiting } from '../cloud-calls.ts'
import { openWebTunnel } from '../web-tunnel.ts'
import type { InZone } from './client-instances.ts'
import type { GceClient } from './client.ts'
import { IAP_PROTOCOL, iapStream } from './iap-stream.ts'
import type { GceOptions } from './options.ts'

/** Where connections of Identity-Aware Proxy come from: https://docs.cloud.google.com/iap/docs/using-tcp-forwarding */
export const IAP_RANGE = '35.235.240.0/20'

const PROXY = 'wss://tunnel.cloudproxy.app'

/** A line to the SSH port of a machine through Identity-Aware Proxy. @throws PlatformError auth; TransportError refused */
export async function openTunnel(
  client: GceClient,
  options: GceOptions,
  at: InZone,
  waiting: CallWaiting,
): Promise<Duplex> {
  const what = `the tunnel of Identity-Aware Proxy to ${at.name}`
  const proxy = options['tunnel-endpoint'] ?? options.endpoint?.replace(/^http/, 'ws') ?? PROXY
  const url = new URL('/v4/connect', proxy)
  const target = {
    project: client.project,
    zone: at.zone,
    instance: at.name,
    interface: 'nic0',
    port: String(options['ssh-port'] ?? 22),
    newWebsocket: 'True',
  }
  url.search = new URLSearchParams(target).toString()
  const headers = { authorization: await client.authorization(), origin: 'bot:iap-tunneler' }
  const socket = await openWebTunnel({ what, url: url.href, headers, protocol: IAP_PROTOCOL }, waiting)
  return await iapStream(socket, what, waiting)
}
