import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { digestOf } from '../../../src/publish/digest.ts'
import { seal } from '../../../src/publish/envelope.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { results } from '../archive/test-archive.ts'
import { testServer } from './test-server.ts'

/** An issuer of tokens, as a CI system is one. */
async function issuer(options: { jwksElsewhere?: boolean } = {}) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }
  const server = createServer((request, response) => {
    const jwks_uri = options.jwksElsewhere ? 'https://evil.example.org/keys' : `${url}/keys`
    const body = request.url === '/keys' ? { keys: [jwk] } : { issuer: url, jwks_uri }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    jwk,
    privateKey,
    token: (
      claims: object,
      audience: string,
      now: number,
      more: { jti?: string; lifeS?: number; ageS?: number } = {},
    ) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(url)
        .setAudience(audience)
        .setJti(more.jti ?? 'one')
        .setIssuedAt(Math.floor(now / 1000) - (more.ageS ?? 0))
        .setExpirationTime(Math.floor(now / 1000) + (more.lifeS ?? 300))
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
    },
  }
}

const CLAIMS = { repository_id: '123', repository_owner_id: '45', repository: 'debian/images', environment: 'publish' }

async function world(options: Parameters<typeof issuer>[0] = {}) {
  const ci = await issuer(options)
  const s = await testServer()
  writeFileSync(
    join(s.t.folder, 'submitters/ci.yaml'),
    `id: ci
display: CI
contact: ci@example.org
scopes: [{cells: 'lxd/*'}]
oidc:
  - {issuer: '${ci.url}', claims: {repository_id: '123', repository_owner_id: '45', environment: publish}, until: 2027-06-01}
`,
  )
  await s.t.archive.loadSubmitters()
  const payload = payloadOf(results())
  return {
    ci,
    s,
    audience: `${s.url}/${digestOf(payload)}`,
    now: s.t.clock.now,
    send: (token: string, of: Uint8Array = payload) =>
      s.post(JSON.stringify(seal(of, [])), { authorization: `Bearer ${token}` }),
    async [Symbol.asyncDispose]() {
      await s[Symbol.asyncDispose]()
      await ci[Symbol.asyncDispose]()
    },
  }
}

test('a token of a CI job that is bound to the payload is enough, and the archive bears witness', async () => {
  await using w = await world()
  const token = await w.ci.token(CLAIMS, w.audience, w.now)
  expect(await w.send(token)).toMatchObject({ status: 201, body: { submitter: 'ci', credential: 'oidc:ci:1' } })
  expect(await w.send(token)).toMatchObject({ status: 200 })
  const archived = await w.s.t.archive.logFiles.read(1)
  expect(archived?.identity).toMatchObject({ issuer: w.ci.url, repository_id: '123' })
  expect(JSON.stringify(archived)).not.toContain(token)
})

test('a token for something else, somewhere else or some other time is refused', async () => {
  await using w = await world()
  const other = payloadOf(results({ run: { id: 'other' } }))
  const refused = async (token: Promise<string>, status: number, of?: Uint8Array) =>
    expect(await w.send(await token, of)).toMatchObject({ status })
  await refused(w.ci.token(CLAIMS, w.audience, w.now), 401, other)
  await refused(w.ci.token(CLAIMS, 'https://elsewhere.example.org/x', w.now), 401)
  await refused(w.ci.token(CLAIMS, w.s.url, w.now), 401)
  await refused(w.ci.token(CLAIMS, w.audience, w.now, { lifeS: -60 }), 401)
  await refused(w.ci.token(CLAIMS, w.audience, w.now, { ageS: 3_600, lifeS: 3_600 }), 401)
  await refused(w.ci.token({ ...CLAIMS, repository_id: '999' }, w.audience, w.now), 403)
  await refused(w.ci.token({ repository_owner_id: '45', repository: 'debian/images' }, w.audience, w.now), 403)
  expect(await w.s.t.archive.logFiles.last()).toBe(0)
})

test('a token that was used for one payload is not good for another one', async () => {
  await using w = await world()
  expect(await w.send(await w.ci.token(CLAIMS, w.audience, w.now))).toMatchObject({ status: 201 })
  const other = payloadOf(results({ run: { id: 'other' } }))
  const audience = `${w.s.url}/${digestOf(other)}`
  expect(await w.send(await w.ci.token(CLAIMS, audience, w.now), other)).toMatchObject({
    status: 401,
    body: { detail: 'the token was used before' },
  })
  expect(await w.send(await w.ci.token(CLAIMS, audience, w.now, { jti: 'two' }), other)).toMatchObject({ status: 201 })
})

test('the algorithm of a token is not for its sender to choose', async () => {
  await using w = await world()
  const seconds = Math.floor(w.now / 1000)
  const unsigned = new UnsecuredJWT(CLAIMS)
    .setIssuer(w.ci.url)
    .setAudience(w.audience)
    .setJti('x')
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 300)
    .encode()
  expect(await w.send(unsigned)).toMatchObject({ status: 401 })
  // The public key as a shared secret.
  const secret = new TextEncoder().encode(JSON.stringify(w.ci.jwk))
  const hs = await new SignJWT(CLAIMS)
    .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
    .setIssuer(w.ci.url)
    .setAudience(w.audience)
    .setJti('x')
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 300)
    .sign(secret)
  expect(await w.send(hs)).toMatchObject({ status: 401 })
  expect(await w.send('not.a.token')).toMatchObject({ status: 401 })
})

test('keys come only from the issuer that a registration names', async () => {
  await using w = await world({ jwksElsewhere: true })
  expect(await w.send(await w.ci.token(CLAIMS, w.audience, w.now))).toMatchObject({ status: 401 })
  await using stranger = await issuer()
  expect(await w.send(await stranger.token(CLAIMS, w.audience, w.now))).toMatchObject({
    status: 401,
    body: { detail: 'no submitter has tokens of this issuer' },
  })
})
