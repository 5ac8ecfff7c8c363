import { ConfigError } from '../core/errors.ts'
import type { HarnessError } from '../core/errors.ts'
import { newSshIdentity } from '../instance/ssh-keys.ts'
import type { SshIdentity } from '../instance/ssh-keys.ts'
import type { Ledger } from './ledger.ts'
import { OwnLedger } from './own-ledger.ts'
import { newOwner } from './owner.ts'
import type { Owner, Platform } from './platform.ts'
import { platforms } from './registry.gen.ts'
import { Session } from './session.ts'

/** Names of the platforms this harness has. */
export type PlatformName = keyof typeof platforms

type Loaded<Name extends PlatformName> = Awaited<ReturnType<(typeof platforms)[Name]['load']>>['default']

/** What `openPlatform` takes for a platform, besides `OpenOptions`. */
export type PlatformOptions<Name extends PlatformName> = Loaded<Name> extends Platform<infer Options> ? Options : never

export interface OpenOptions {
  /** Where intents are written before anything is created. Default: a file of the session's own, which `harness sweep` reads. */
  ledger?: Ledger
  /** Marks put on every resource. Default: a run id of its own and two hours to live. */
  owner?: Owner
  /** Key pair for SSH logins. Default: made anew for this session. */
  identity?: SshIdentity
  /** Told of what disposal could not clean up, since disposal never rejects. Default: a process warning. */
  onWarning?: (error: HarnessError) => void
}

/**
 * Signs in to a platform.
 * @example
 * await using session = await openPlatform('lxd', {})
 * await using instance = await session.launch({ image: 'debian-13' })
 * @throws ConfigError, PrerequisiteError, PlatformError auth
 */
export async function openPlatform<Name extends PlatformName>(
  name: Name,
  options: PlatformOptions<Name> & OpenOptions,
): Promise<Session> {
  const { ledger, owner, identity, onWarning, ...rest } = options
  return await openPlatformNamed(name, rest, {
    ...(ledger ? { ledger } : {}),
    ...(owner ? { owner } : {}),
    ...(identity ? { identity } : {}),
    ...(onWarning ? { onWarning } : {}),
  })
}

/** The same for a name and options that come from a file; the platform validates its options. @throws ConfigError for an unknown name */
export async function openPlatformNamed(
  name: string,
  platformOptions: Readonly<Record<string, unknown>>,
  options: OpenOptions = {},
): Promise<Session> {
  const platform = await loadPlatform(name)
  const driver = await platform.open(platformOptions)
  const owner = options.owner ?? newOwner()
  const own = options.ledger ? undefined : new OwnLedger(owner.runId, name, platformOptions)
  return new Session(driver, {
    ledger: options.ledger ?? own,
    onClose: async () => await own?.close(),
    owner,
    identity: options.identity ?? newSshIdentity('harness'),
    onWarning: options.onWarning ?? ((error) => process.emitWarning(error.message, error.name)),
  })
}

/** The platform called `name`, loaded now. @throws ConfigError naming the platforms there are */
export async function loadPlatform(name: string): Promise<Platform> {
  if (!Object.hasOwn(platforms, name)) {
    throw new ConfigError(`there is no platform "${name}"`, {
      hint: `choose one of ${Object.keys(platforms).join(', ')}`,
    })
  }
  const loaded = await platforms[name as PlatformName].load()
  return loaded.default as Platform
}
