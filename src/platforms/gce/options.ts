import { z } from 'zod'
import { registerSecret } from '../../core/redact.ts'
import { parseFor } from '../parse-options.ts'
import type { LaunchRequest } from '../platform.ts'

const name = z.string().min(1)
const address = z.enum(['public', 'private', 'ipv6'])
const market = z.enum(['on-demand', 'spot'])

/** What `platforms.gce.options` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Default: the one that belongs to the credentials. */
  project: name.optional(),
  /** The region machines are made in. Default `us-central1`. */
  region: name.optional(),
  /** Zones of the region in the order they are tried. Default: all that are up. */
  zones: z.array(name).min(1).optional(),
  /** Regions that are tried when the first has no capacity, in this order. Default none. */
  'other-regions': z.array(name).optional(),
  /** Types that may stand in for one that has no capacity, in this order. Default none. */
  'equivalent-types': z.record(z.string(), z.array(name)).optional(),
  /** VPC network. Default `default`; one of the run's own is made when there is none of that name. */
  network: name.optional(),
  /** Subnetwork in the region of the machine. Default: the one the network has there. */
  subnetwork: name.optional(),
  /** Subnetworks of other VPC networks, for further network cards. Default: networks of the run's own. */
  'extra-networks': z.array(name).optional(),
  /** Which address machines are reached at. Default `public`. */
  address: address.optional(),
  /** `tunnel`: without inbound SSH, through Identity-Aware Proxy. Default `direct`. */
  access: z.enum(['direct', 'tunnel']).optional(),
  /** Port at which machines answer SSH, for servers that are not a cloud. Default 22. */
  'ssh-port': z.int().min(1).max(65_535).optional(),
  /** Who may reach port 22, as CIDR, where a firewall rule has to be made. Default everybody; only the run's key is let in. */
  'ssh-from': z.array(name).min(1).optional(),
  /** `spot` machines are cheaper and may be taken away; a second attempt is on demand. Default `on-demand`. */
  market: market.optional(),
  /** Login user. Default: the default user of the image's distribution. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/)
    .optional(),
  /** Size of the boot disk, GiB. Default: that of the image. */
  'disk-gib': z.int().min(10).max(65_536).optional(),
  /** Default `pd-balanced`. */
  'disk-type': name.optional(),
  /** Bucket for images that are registered from a local file. */
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/)
    .optional(),
  /** A machine that nobody destroys destroys itself when its marks expire. Default true. */
  'self-destruct': z.boolean().optional(),
  /** Path of a key file of a service account, or of a workload identity. Default: the application default credentials. */
  'key-file': name.optional(),
  /** Machines get a display, so that a picture of the screen is kept when something fails. It is one more device for the guest. Default false. */
  display: z.boolean().optional(),
  /** A token that is sent as it is, instead of credentials. */
  'access-token': name.optional(),
  /** Another server that speaks the Compute API, for example `http://127.0.0.1:4000`. */
  endpoint: z.url().optional(),
  /** Another server that speaks the Storage API. Default: that of `endpoint`, else Google's. */
  'storage-endpoint': z.url().optional(),
  /** Another server that speaks the protocol of Identity-Aware Proxy, as `ws:` or `wss:`. Default: that of `endpoint`, else Google's. */
  'tunnel-endpoint': z.url().optional(),
})

/** Options of `openPlatform('gce', ...)`. */
export type GceOptions = z.infer<typeof optionsSchema>

const launchExtra = z.strictObject({
  region: name.optional(),
  zone: name.optional(),
  market: market.optional(),
  address: address.optional(),
  /** The machine can run virtual machines of its own. */
  nested: z.literal('on').optional(),
})

/** `extra` of a launch request: what the axes of a matrix say. */
export type LaunchExtra = z.infer<typeof launchExtra>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): GceOptions {
  const parsed = parseFor('gce', 'option', optionsSchema, options)
  if (parsed['access-token'] !== undefined) registerSecret(parsed['access-token'])
  return parsed
}

/** @throws ConfigError naming the key */
export function parseExtra(request: Pick<LaunchRequest, 'extra'>): LaunchExtra {
  return parseFor('gce', 'launch setting', launchExtra, request.extra)
}
