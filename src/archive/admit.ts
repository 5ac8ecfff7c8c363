import { ConfigError } from '../core/errors.ts'
import { digestOf } from '../publish/digest.ts'
import { openEnvelope, verifyBytes, type Envelope } from '../publish/envelope.ts'
import { PREDICATES, readStatement, type Statement } from '../publish/statement.ts'
import { resultsOfTestResult } from '../publish/test-result.ts'
import { RefusedError } from './refused.ts'
import { inScope, type Credential, type Role, type Submitter } from './submitters.ts'

/** A submission whose origin and content are in order; only what others have submitted can still speak against it. */
export interface Admitted {
  id: string
  envelope: Envelope
  payload: Buffer
  statement: Statement
  submitter: Submitter
  credential: Credential
}

/** Who an OIDC token was found to be from. */
export interface TokenIdentity {
  submitter: Submitter
  credential: Credential
}

const ROLE_OF: Readonly<Record<Statement['predicateType'], Role>> = {
  [PREDICATES.results]: 'results',
  [PREDICATES.testResult]: 'results',
  [PREDICATES.retraction]: 'results',
  [PREDICATES.waiver]: 'waivers',
  [PREDICATES.approval]: 'approvals',
  [PREDICATES.decision]: 'approvals',
}

const CLOCKS_DIFFER_MS = 600_000
const LONGEST_WAIVER_MS = 91 * 86_400_000

/**
 * Checks who sent an envelope and whether they may say what it says. Nothing is written.
 * @throws RefusedError
 */
export function admit(
  text: string,
  submitters: readonly Submitter[],
  options: { now: number; identity?: TokenIdentity },
): Admitted {
  const { envelope, payload } = refused(400, () => openEnvelope(text))
  const { submitter, credential } = options.identity ?? signerOf(envelope, payload, submitters)
  refuseEnded(submitter, credential, options.now)
  const statement = refused(422, () => readStatement(payload))
  const role = ROLE_OF[statement.predicateType]
  const operates = statement.predicateType === PREDICATES.retraction && submitter.roles.includes('operator')
  if (!submitter.roles.includes(role) && !operates)
    throw new RefusedError(403, `${submitter.id} may not submit ${role}`, { hint: 'ask the operator for that role' })
  refuseOutOfScope(statement, submitter, options.now)
  refuseFuture(statement, options.now)
  return { id: digestOf(payload), envelope, payload, statement, submitter, credential }
}

/** Which registered key signed. Every signature whose key is known has to be good. */
function signerOf(envelope: Envelope, payload: Buffer, submitters: readonly Submitter[]): TokenIdentity {
  if (envelope.signatures.length === 0) {
    throw new RefusedError(401, 'the envelope has no signature, and no token came with it', {
      hint: 'harness publish --key FILE, or run it in a CI job with an OIDC token',
    })
  }
  let found: TokenIdentity | undefined
  for (const { keyid, sig } of envelope.signatures) {
    for (const submitter of submitters) {
      const credential = submitter.credentials.find(({ id, kind }) => id === keyid && kind === 'ed25519')
      if (!credential?.key) continue
      if (!verifyBytes(payload, sig, credential.key))
        throw new RefusedError(401, `the signature by ${keyid.slice(0, 20)}… is not good for this payload`)
      found ??= { submitter, credential }
    }
  }
  if (found) return found
  throw new RefusedError(401, 'no registered key signed this', {
    hint: 'register the public key with the operator: harness key show FILE',
  })
}

function refuseEnded(submitter: Submitter, credential: Credential, now: number): void {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  if (submitter.state !== 'active') throw new RefusedError(403, `${submitter.id} is suspended`)
  if (credential.compromisedAt !== undefined && credential.compromisedAt <= now)
    throw new RefusedError(401, `the key is not trusted since ${day(credential.compromisedAt)}`)
  if (credential.revokedAt !== undefined && credential.revokedAt <= now)
    throw new RefusedError(401, `the key was revoked on ${day(credential.revokedAt)}`)
  if (credential.notAfter < now) {
    throw new RefusedError(401, `the key expired on ${day(credential.notAfter)}`, {
      hint: 'register a new one with the operator',
    })
  }
}

/** Every object is looked at, and the first that is not theirs is named. */
function refuseOutOfScope(statement: Statement, submitter: Submitter, now: number): void {
  const outside = (what: string) =>
    new RefusedError(403, `${submitter.id} may not submit about ${what}`, {
      hint: 'the scopes of a submitter are in its registration',
    })
  switch (statement.predicateType) {
    case PREDICATES.results:
    case PREDICATES.testResult: {
      const { cells, images } =
        statement.predicateType === PREDICATES.results ? statement.predicate : resultsOfTestResult(statement, now)
      for (const cell of cells)
        if (!inScope(submitter, cell.id, cell.image)) throw outside(`cell ${cell.id} with image ${cell.image}`)
      const used = new Set(cells.map(({ image, digest }) => `${image} ${digest}`))
      for (const { name, digest } of images)
        if (!used.has(`${name} ${digest}`)) throw new RefusedError(422, `no cell has the image ${name} ${digest}`)
      return
    }
    case PREDICATES.waiver: {
      const { images, cells, from, until } = statement.predicate
      const lasts = Date.parse(until) - Date.parse(from)
      if (lasts <= 0 || lasts > LONGEST_WAIVER_MS || Date.parse(until) > now + LONGEST_WAIVER_MS)
        throw new RefusedError(422, 'a waiver lasts 90 days at most, and ends after it begins')
      const covers = (image: string, cell: string) =>
        submitter.scopes.some((scope) => isWithin(image, scope.images) && isWithin(cell, scope.cells))
      for (const image of images)
        for (const cell of cells) if (!covers(image, cell)) throw outside(`images ${image} in cells ${cell}`)
      return
    }
    case PREDICATES.retraction:
    case PREDICATES.approval:
    case PREDICATES.decision:
      // What they name is in the archive, which knows whose it is.
      return
  }
}

/** Whether whatever a glob can stand for is covered by another: the same, or a scope that ends in its only `*`. */
function isWithin(glob: string, scope: string): boolean {
  if (scope === '*' || scope === glob) return true
  if (!scope.endsWith('*') || /[*?]/.test(scope.slice(0, -1))) return false
  return glob.startsWith(scope.slice(0, -1))
}

/** A result from tomorrow would be the newest for ever. */
function refuseFuture(statement: Statement, now: number): void {
  for (const at of momentsOf(statement))
    if (Date.parse(at) > now + CLOCKS_DIFFER_MS)
      throw new RefusedError(422, `${at} is in the future`, { hint: 'set the clock of the machine that ran it' })
}

function momentsOf(statement: Statement): string[] {
  if (statement.predicateType === PREDICATES.decision) return [statement.predicate.decision.asOf.at]
  if (statement.predicateType !== PREDICATES.results) return []
  const { run, cells } = statement.predicate
  return [run.startedAt, ...cells.flatMap(({ startedAt }) => startedAt ?? [])]
}

function refused<T>(status: 400 | 422, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new RefusedError(status, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
}
