import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { TokenIdentity } from '../archive/admit.ts'
import type { Sql } from '../archive/database/sql.ts'
import { RefusedError } from '../archive/refused.ts'
import type { Submitter } from '../archive/submitters.ts'

/** What a token may be signed with. Nothing with a shared secret, and not `none`. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA']
const LONGEST_LIFE_S = 600
const DEADLINE_MS = 10_000

/** Tells by tokens of CI systems who submits. */
export class TokenVerifier {
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>()
  readonly #sql: Sql
  readonly #publicUrl: () => string
  readonly #now: () => number

  /** @param publicUrl how clients name this server; it is part of what a token is for */
  constructor(sql: Sql, publicUrl: () => string, now: () => number) {
    this.#sql = sql
    this.#publicUrl = publicUrl
    this.#now = now
  }

  /**
   * Who a token is from. It must be for this server and for this payload, from an issuer that a registration names, and fresh.
   * @param payload digest of the payload it came with
   * @throws RefusedError
   */
  async identify(token: string, payload: string, submitters: readonly Submitter[]): Promise<TokenIdentity> {
    const issuer = claimedIssuer(token)
    const candidates = submitters.flatMap((submitter) =>
      submitter.credentials
        .filter((credential) => credential.kind === 'oidc' && credential.issuer === issuer)
        .map((credential) => ({ submitter, credential })),
    )
    if (issuer === undefined || candidates.length === 0)
      throw new RefusedError(401, 'no submitter has tokens of this issuer')
    const claims = await this.#verify(token, issuer, payload)
    const found = candidates.find(({ credential }) =>
      Object.entries(credential.claims ?? {}).every(([claim, value]) => String(claims[claim]) === value),
    )
    if (!found) throw new RefusedError(403, 'the token is good, but its claims are those of no submitter')
    await this.#useOnce(issuer, claims, payload)
    return found
  }

  async #verify(token: string, issuer: string, payload: string): Promise<JWTPayload> {
    try {
      const { payload: claims } = await jwtVerify(token, await this.#keysOf(issuer), {
        algorithms: ALGORITHMS,
        issuer,
        audience: `${this.#publicUrl()}/${payload}`,
        maxTokenAge: LONGEST_LIFE_S,
        clockTolerance: 30,
        requiredClaims: ['exp', 'iat', 'jti'],
        currentDate: new Date(this.#now()),
      })
      return claims
    } catch (error) {
      if (error instanceof RefusedError) throw error
      if (error instanceof errors.JWTExpired) throw new RefusedError(401, 'the token has expired', { cause: error })
      if (error instanceof errors.JWTClaimValidationFailed)
        throw new RefusedError(401, `the token is not for this: its claim ${error.claim} is another`, { cause: error })
      if (error instanceof errors.JOSEError) throw new RefusedError(401, 'the token is not good', { cause: error })
      throw new RefusedError(401, 'the keys of the issuer cannot be read now', { cause: error })
    }
  }

  #keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    let keys = this.#keys.get(issuer)
    if (!keys) {
      this.#keys.set(issuer, (keys = discover(issuer)))
      keys.catch(() => this.#keys.delete(issuer))
    }
    return keys
  }

  /** The same token may come again with the same payload, when an answer was lost; with another one it is a replay. */
  async #useOnce(issuer: string, claims: JWTPayload, payload: string): Promise<void> {
    const id = `${issuer} ${claims.jti}`
    const now = this.#now()
    const known = await this.#sql.transaction(async (query) => {
      await query('DELETE FROM used_token WHERE until_at < ?', [now])
      const [row] = await query<{ payload: string }>('SELECT payload FROM used_token WHERE id = ?', [id])
      if (!row) {
        const until = now + 2 * LONGEST_LIFE_S * 1000
        await query('INSERT INTO used_token (id, payload, until_at) VALUES (?, ?, ?)', [id, payload, until])
      }
      return row?.payload
    })
    if (known !== undefined && known !== payload) throw new RefusedError(401, 'the token was used before')
  }
}

/** Only looked at to find the keys; nothing is believed before the signature is. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch (error) {
    throw new RefusedError(401, 'the token cannot be read', { cause: error })
  }
}

/** Keys come from the issuer itself, over TLS; a local one is for tests. */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const base = new URL(issuer)
  const local = base.hostname === '127.0.0.1' || base.hostname === 'localhost'
  if (base.protocol !== 'https:' && !local) throw new RefusedError(401, 'the issuer is not reached over TLS')
  const response = await fetch(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  const about = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown }
  const keys = typeof about.jwks_uri === 'string' ? new URL(about.jwks_uri) : undefined
  if (about.issuer !== issuer || keys?.origin !== base.origin)
    throw new RefusedError(401, 'the issuer describes itself as another')
  return createRemoteJWKSet(keys, { timeoutDuration: DEADLINE_MS })
}
