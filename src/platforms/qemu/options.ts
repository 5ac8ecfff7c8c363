import { z } from 'zod'
import { CLOUD_NAMES } from '../../imds/cloud.ts'
import { parseFor } from '../parse-options.ts'
import type { LaunchRequest } from '../platform.ts'

const ACCELERATORS = ['kvm', 'hvf', 'tcg'] as const

/** How the processor of a guest is made: by the hardware through Linux or macOS, or by emulation. */
export type Accelerator = (typeof ACCELERATORS)[number]

const network = z.enum(['user', 'isolated', 'open'])
const architecture = z.enum(['x86_64', 'aarch64'])

export type Architecture = z.infer<typeof architecture>

/** What `platforms.qemu.options` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Folder of machines and snapshots. Default: `qemu` in the state folder. */
  dir: z.string().min(1).optional(),
  /** Default: the fastest one that was seen to work. */
  accelerator: z.enum(ACCELERATORS).optional(),
  /** Of the guests. Default: what the image says it is for, else that of this host. */
  architecture: architecture.optional(),
  /** The QEMU program, when it is not `qemu-system-<architecture>` on the path. */
  program: z.string().min(1).optional(),
  /** Login user of the guests. Default: the one cloud-init names on the console, else the usual names are tried. */
  user: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9._-]*$/)
    .optional(),
  /**
   * `user`: the guest reaches what this host reaches, but no metadata service of a cloud that this host is on; `isolated`: it reaches
   * nothing but the services of its own identity; `open`: everything. Default `isolated` with the identity of a cloud, else `user`.
   */
  network: network.optional(),
})

/** Options of `openPlatform('qemu', ...)`. */
export type QemuOptions = z.infer<typeof optionsSchema>

const port = z.int().min(1).max(65_535)

const launchExtra = z.strictObject({
  architecture: architecture.optional(),
  network: network.optional(),
  /** Size of the root disk; never smaller than the image. Default: that of the instance type. */
  diskGiB: z.int().min(1).max(16_384).optional(),
  /** Further ports of the guest on 127.0.0.1: `host` 0 means any free one. */
  ports: z.array(z.strictObject({ guest: port, host: z.int().min(0).max(65_535).default(0) })).optional(),
  /** Starts this kernel instead of what the firmware would find. */
  kernel: z
    .strictObject({ path: z.string(), initrd: z.string().optional(), arguments: z.string().optional() })
    .optional(),
  /** False attaches no cloud-init seed. */
  seed: z.boolean().optional(),
  /** SMBIOS fields by type: `{ 1: { manufacturer: 'x' } }`. */
  smbios: z.record(z.string().regex(/^\d+$/), z.record(z.string(), z.string())).optional(),
  /** The cloud the guest is to believe it runs on. */
  identity: z.enum(CLOUD_NAMES).optional(),
  /** Further arguments of QEMU, as they are. */
  arguments: z.array(z.string()).optional(),
})

/** `extra` of a launch request. */
export type LaunchExtra = z.infer<typeof launchExtra>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): QemuOptions {
  return parseFor('qemu', 'option', optionsSchema, options)
}

/** @throws ConfigError naming the key */
export function parseExtra(request: Pick<LaunchRequest, 'extra'>): LaunchExtra {
  return parseFor('qemu', 'launch setting', launchExtra, request.extra)
}
