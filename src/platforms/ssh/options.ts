import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ConfigError } from '../../core/errors.ts'
import { registerSecret } from '../../core/redact.ts'
import { parseFor } from '../parse-options.ts'

/** What `platforms.ssh.options` of a matrix takes. */
export const optionsSchema = z
  .strictObject({
    /** Name or address of the machine. */
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(22),
    user: z.string().min(1).default('root'),
    /** Path of an unencrypted private key. */
    keyFile: z.string().optional(),
    /** The private key itself, instead of `keyFile`. */
    privateKey: z.string().optional(),
    /** The host's public keys, as `type base64`. */
    hostKeys: z.array(z.string()).optional(),
    /** A known_hosts file with plain (not hashed) names, instead of `hostKeys`. */
    knownHostsFile: z.string().optional(),
    /** `openssh` uses the system's ssh, which knows more algorithms. */
    transport: z.enum(['ssh2', 'openssh']).default('ssh2'),
    /** False declares that the machine must not be rebooted. */
    reboot: z.boolean().default(true),
  })
  .refine((options) => (options.keyFile === undefined) !== (options.privateKey === undefined), {
    message: 'give keyFile or privateKey, one of them',
  })
  .refine((options) => options.hostKeys !== undefined || options.knownHostsFile !== undefined, {
    message: 'give hostKeys or knownHostsFile: the host key is always verified',
  })

export type Options = z.input<typeof optionsSchema>

/** Options with the files read. */
export interface Settings {
  host: string
  port: number
  user: string
  privateKey: string
  hostKeys: string[]
  transport: 'ssh2' | 'openssh'
  reboot: boolean
}

/** @throws ConfigError naming the wrong option or the file that cannot be read */
export async function readOptions(input: unknown): Promise<Settings> {
  const { host, port, user, transport, reboot, ...options } = parseFor('ssh', 'option', optionsSchema, input)
  const privateKey = options.privateKey ?? (await readText(options.keyFile ?? '', 'keyFile'))
  registerSecret(privateKey)
  const known =
    options.knownHostsFile === undefined
      ? []
      : knownKeys(await readText(options.knownHostsFile, 'knownHostsFile'), host, port)
  const hostKeys = [...(options.hostKeys ?? []), ...known]
  if (hostKeys.length === 0) {
    throw new ConfigError(`${options.knownHostsFile ?? 'hostKeys'} has no key of ${host}`, {
      hint: `read it on the machine itself: cat /etc/ssh/ssh_host_ed25519_key.pub`,
    })
  }
  return { host, port, user, privateKey, hostKeys, transport, reboot }
}

/** Keys of `host` in a known_hosts text. Hashed names and markers are not understood. */
export function knownKeys(text: string, host: string, port: number): string[] {
  const names = port === 22 ? [host, `[${host}]:22`] : [`[${host}]:${port}`]
  return text.split('\n').flatMap((line) => {
    const [hosts = '', type = '', base64 = ''] = line.trim().split(/\s+/)
    return base64 !== '' && hosts.split(',').some((name) => names.includes(name)) ? [`${type} ${base64}`] : []
  })
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${option}: cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
