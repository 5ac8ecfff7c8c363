import { PrerequisiteError } from '../core/errors.ts'
import { probeHost } from '../core/subprocess.ts'
import { registerSecret } from '../core/redact.ts'
import { readKey, type SigningKey } from './keys.ts'

/** How a submission shows who it is from. */
export type Identity = { kind: 'key'; key: SigningKey } | { kind: 'token'; tokenFor(audience: string): Promise<string> }

export interface IdentityOptions {
  /** Path of an Ed25519 key. */
  key?: string
  /** Prints an OIDC token for the audience in `HARNESS_AUDIENCE`. */
  tokenCommand?: string
  env: Readonly<Record<string, string | undefined>>
}

const DEADLINE_MS = 60_000

/** A key, else a command that gets tokens, else the CI job itself. @throws PrerequisiteError when there is none of them */
export async function findIdentity({ key, tokenCommand, env }: IdentityOptions): Promise<Identity> {
  if (key !== undefined) return { kind: 'key', key: await readKey(key) }
  if (tokenCommand !== undefined)
    return { kind: 'token', tokenFor: (audience) => tokenOfCommand(tokenCommand, audience) }
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env
  if (url && bearer) return { kind: 'token', tokenFor: (audience) => tokenOfGithub(url, bearer, audience) }
  throw new PrerequisiteError('nothing shows who publishes this', {
    hint: 'give --key FILE (make one: harness key new FILE), or run it in a GitHub job with `permissions: {id-token: write}`',
  })
}

async function tokenOfCommand(command: string, audience: string): Promise<string> {
  const result = await probeHost(['sh', '-c', command], {
    deadlineMs: DEADLINE_MS,
    env: { ...process.env, HARNESS_AUDIENCE: audience },
  })
  const token = result.stdout.trim()
  registerSecret(token)
  if (result.exitCode !== 0 || token === '')
    throw new PrerequisiteError(`the command for a token gave none: ${result.stderr.trim().slice(0, 300)}`)
  return token
}

async function tokenOfGithub(url: string, bearer: string, audience: string): Promise<string> {
  registerSecret(bearer)
  const address = new URL(url)
  address.searchParams.set('audience', audience)
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${bearer}` },
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  const answer: unknown = await response.json().catch(() => undefined)
  const token = typeof answer === 'object' && answer !== null && 'value' in answer ? answer.value : undefined
  if (!response.ok || typeof token !== 'string')
    throw new PrerequisiteError(`GitHub gave no token: ${response.status}`, { hint: 'permissions: {id-token: write}' })
  registerSecret(token)
  return token
}
