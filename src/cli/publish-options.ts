import { ConfigError } from '../core/errors.ts'
import type { Identity } from '../publish/index.ts'

/** Options of every command that signs something and brings it somewhere. */
export const PUBLISH_OPTIONS = {
  to: { type: 'string', value: 'URL|DIR', text: 'a server of results, or the folder of an archive on this host' },
  key: {
    type: 'string',
    value: 'FILE',
    text: 'the Ed25519 key that signs; default $HARNESS_KEY, else a token of the CI job',
  },
  'token-command': {
    type: 'string',
    value: 'COMMAND',
    text: 'prints an OIDC token for the audience in $HARNESS_AUDIENCE',
  },
} as const

/** Where to, and who. @throws ConfigError without a place, PrerequisiteError without an identity */
export async function placeAndIdentity(options: {
  to?: string
  key?: string
  'token-command'?: string
}): Promise<{ to: string; identity: Identity }> {
  const { to } = options
  if (to === undefined) throw new ConfigError('say where to publish', { hint: '--to https://results.example.org' })
  const { findIdentity } = await import('../publish/index.ts')
  const key = options.key ?? process.env.HARNESS_KEY
  const identity = await findIdentity({
    ...(key === undefined ? {} : { key }),
    ...(options['token-command'] === undefined ? {} : { tokenCommand: options['token-command'] }),
    env: process.env,
  })
  return { to, identity }
}
