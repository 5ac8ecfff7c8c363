import { z } from 'zod'
import { CLOUD_NAMES } from '../../imds/cloud.ts'
import { parseFor } from '../parse-options.ts'
import type { LaunchRequest } from '../platform.ts'

/** What `platforms.lxd.options` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Unix socket of the daemon. Default: the first one found. */
  socket: z.string().optional(),
  /** `https://host:8443` of a remote server. */
  url: z.string().optional(),
  clientCert: z.string().optional(),
  clientKey: z.string().optional(),
  serverCert: z.string().optional(),
  /** Project to work in. Default: the server's default project. */
  project: z.string().optional(),
  /** Storage pool of root file systems. Default: that of the profiles, else the first pool. */
  pool: z.string().optional(),
  /** Profiles of every instance. Default `['default']`. */
  profiles: z.array(z.string()).optional(),
})

/** Options of `openPlatform('lxd', ...)`. */
export type LxdOptions = z.infer<typeof optionsSchema>

const launchExtra = z.strictObject({
  config: z.record(z.string(), z.string()).optional(),
  devices: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  profiles: z.array(z.string()).optional(),
  project: z.string().optional(),
  pool: z.string().optional(),
  /** The cloud the guest is to believe it runs on. */
  identity: z.enum(CLOUD_NAMES).optional(),
})

/** `extra` of a launch request. */
export type LaunchExtra = z.infer<typeof launchExtra>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): LxdOptions {
  return parseFor('lxd', 'option', optionsSchema, options)
}

/** @throws ConfigError naming the key */
export function parseExtra(request: LaunchRequest): LaunchExtra {
  return parseFor('lxd', 'launch setting', launchExtra, request.extra)
}

/** The request with the cloud that `extra` names, unless it says more about that itself. */
export function withIdentity(request: LaunchRequest, { identity }: LaunchExtra): LaunchRequest {
  if (request.cloudIdentity || identity === undefined) return request
  return { ...request, cloudIdentity: { cloud: identity } }
}
