import { z } from 'zod'
import { registerSecret } from '../../core/redact.ts'
import { parseFor } from '../parse-options.ts'
import type { LaunchRequest } from '../platform.ts'

const name = z.string().min(1)
const address = z.enum(['public', 'private', 'ipv6'])
const market = z.enum(['on-demand', 'spot'])

/** What `platforms.ec2.options` of a matrix takes. */
export const optionsSchema = z
  .strictObject({
    /** The region machines are made in. Default: that of the environment or the profile. */
    region: name.optional(),
    /** Zones of the region in the order they are tried. Default: all that have the type. */
    zones: z.array(name).min(1).optional(),
    /** Regions that are tried when the first has no capacity, in this order. Default none. */
    'other-regions': z.array(name).optional(),
    /** Types that may stand in for one that has no capacity, in this order. Default none. */
    'equivalent-types': z.record(z.string(), z.array(name)).optional(),
    /** VPC, with a subnet in each zone that is used. Default: that of the account, else one is made for the run. */
    vpc: name.optional(),
    /** Subnets, at most one of each zone. Default: those of the VPC. */
    subnets: z.array(name).min(1).optional(),
    /** Security groups of machines. Default: one is made for the run that lets SSH in. */
    'security-groups': z.array(name).min(1).optional(),
    /** Which address machines are reached at. Default `public`. */
    address: address.optional(),
    /** `tunnel`: without inbound SSH, through an EC2 Instance Connect Endpoint that the VPC has. Default `direct`. */
    access: z.enum(['direct', 'tunnel']).optional(),
    /** Who may reach port 22, as CIDR, where a security group is made. Default everybody; only the run's key is let in. */
    'ssh-from': z.array(name).min(1).optional(),
    /** Port of the SSH servers of guests. Default 22. */
    'ssh-port': z.int().min(1).max(65_535).optional(),
    /** `spot` machines are cheaper and may be taken away; a second attempt is on demand. Default `on-demand`. */
    market: market.optional(),
    /** Login user. Default: the default user of the image's distribution on EC2. */
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/)
      .optional(),
    /** Size of the root disk, GiB. Default: that of the image. */
    'disk-gib': z.int().min(1).max(16_384).optional(),
    /** A machine that nobody destroys destroys itself when its marks expire. Default true. */
    'self-destruct': z.boolean().optional(),
    /** Profile in the files of the AWS command line. Default: that of the environment. */
    profile: name.optional(),
    'access-key-id': name.optional(),
    'secret-access-key': name.optional(),
    'session-token': name.optional(),
    /** Another server that speaks the EC2 API, for example `http://127.0.0.1:4000`. */
    endpoint: z.url().optional(),
    /** File with the certificate of the authority that vouches for `endpoint`, PEM. */
    ca: name.optional(),
  })
  .refine((options) => (options['access-key-id'] === undefined) === (options['secret-access-key'] === undefined), {
    message: 'access-key-id and secret-access-key belong together',
  })

/** Options of `openPlatform('ec2', ...)`. */
export type Ec2Options = z.infer<typeof optionsSchema>

const launchExtra = z.strictObject({
  region: name.optional(),
  zone: name.optional(),
  market: market.optional(),
  address: address.optional(),
})

/** `extra` of a launch request: what the axes of a matrix say. */
export type LaunchExtra = z.infer<typeof launchExtra>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): Ec2Options {
  const parsed = parseFor('ec2', 'option', optionsSchema, options)
  for (const key of ['secret-access-key', 'session-token'] as const) {
    const secret = parsed[key]
    if (secret !== undefined) registerSecret(secret)
  }
  return parsed
}

/** @throws ConfigError naming the key */
export function parseExtra(request: Pick<LaunchRequest, 'extra'>): LaunchExtra {
  return parseFor('ec2', 'launch setting', launchExtra, request.extra)
}
