import { z } from 'zod'
import { registerSecret } from '../../core/redact.ts'
import { parseFor } from '../parse-options.ts'
import type { LaunchRequest } from '../platform.ts'

const name = z.string().min(1)
const address = z.enum(['public', 'private'])
const market = z.enum(['on-demand', 'spot'])

/** What `platforms.azure.options` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Default: that of AZURE_SUBSCRIPTION_ID. */
  subscription: z.uuid().optional(),
  /** The location machines are made in. Default `westeurope`. */
  region: name.optional(),
  /** Availability zones in the order they are tried. Default: wherever Azure puts it. */
  zones: z
    .array(z.enum(['1', '2', '3']))
    .min(1)
    .optional(),
  /** Locations that are tried when the first has no capacity, in this order. Default none. */
  'other-regions': z.array(name).optional(),
  /** Sizes that may stand in for one that has no capacity, in this order. Default none. */
  'equivalent-types': z.record(z.string(), z.array(name)).optional(),
  /** A resource group that is there. Default: one of the run's own in each location, removed with it. */
  'resource-group': name.optional(),
  /** Id of a subnet that is there; it must let SSH in. Default: one of the run's own. */
  subnet: name.optional(),
  /** Which address machines are reached at. Default `public`. */
  address: address.optional(),
  /** `tunnel`: without inbound SSH. Default `direct`. */
  access: z.enum(['direct', 'tunnel']).optional(),
  /** Port at which machines answer SSH, for servers that are not a cloud. Default 22. */
  'ssh-port': z.int().min(1).max(65_535).optional(),
  /** Who may reach port 22, as CIDR. Default everybody; only the run's key is let in. */
  'ssh-from': z.array(name).min(1).optional(),
  /** `spot` machines are cheaper and may be taken away; a second attempt is on demand. Default `on-demand`. */
  market: market.optional(),
  /** Login user. Default: the default user of the image's distribution. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/)
    .optional(),
  /** Size of the boot disk, GiB. Default: that of the image. */
  'disk-gib': z.int().min(1).max(4095).optional(),
  /** Default `StandardSSD_LRS`. */
  'disk-type': name.optional(),
  /** Images from local files become versions in a gallery of the run. Without it they are managed images: sooner there, amd64 only, and in one region. Default true. */
  gallery: z.boolean().optional(),
  /** The guest shuts itself down when its marks expire. Default true. */
  'self-destruct': z.boolean().optional(),
  /** A token that is sent as it is, instead of credentials. */
  'access-token': name.optional(),
  /** Another server that speaks Azure Resource Manager, by https. */
  endpoint: z.url({ protocol: /^https$/ }).optional(),
  /** File with the certificates of authorities that are trusted besides, PEM. */
  ca: name.optional(),
  /** Shortest time between two looks at an operation where the server names none, milliseconds. Default 2000. */
  'poll-ms': z.int().min(50).max(60_000).optional(),
})

/** Options of `openPlatform('azure', ...)`. */
export type AzureOptions = z.infer<typeof optionsSchema>

const launchExtra = z.strictObject({
  region: name.optional(),
  zone: name.optional(),
  market: market.optional(),
  address: address.optional(),
})

/** `extra` of a launch request: what the axes of a matrix say. */
export type LaunchExtra = z.infer<typeof launchExtra>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): AzureOptions {
  const parsed = parseFor('azure', 'option', optionsSchema, options)
  if (parsed['access-token'] !== undefined) registerSecret(parsed['access-token'])
  return parsed
}

/** @throws ConfigError naming the key */
export function parseExtra(request: Pick<LaunchRequest, 'extra'>): LaunchExtra {
  return parseFor('azure', 'launch setting', launchExtra, request.extra)
}
