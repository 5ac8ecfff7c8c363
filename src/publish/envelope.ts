import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'

/** The only kind of payload there is; another one is refused before its content is looked at. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64')

const schema = z.object({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: base64,
  signatures: z.array(z.object({ keyid: z.string().max(200), sig: base64.max(200) })).max(8),
})

/** A DSSE envelope: bytes, what they are, and who signed both. https://github.com/secure-systems-lab/dsse */
export interface Envelope<Type extends string = typeof PAYLOAD_TYPE> {
  payloadType: Type
  payload: string
  signatures: { keyid: string; sig: string }[]
}

/** Puts bytes into an envelope and signs them with an Ed25519 key; without a key it is not signed. */
export function seal<Type extends string = typeof PAYLOAD_TYPE>(
  payload: Uint8Array,
  signers: readonly { id: string; key: KeyObject }[],
  type: Type = PAYLOAD_TYPE as Type,
): Envelope<Type> {
  const bytes = Buffer.from(payload)
  return {
    payloadType: type,
    payload: bytes.toString('base64'),
    signatures: signers.map(({ id, key }) => ({ keyid: id, sig: signBytes(bytes, key, type) })),
  }
}

/** One more signature for the payload of an envelope. */
export function signBytes(payload: Uint8Array, key: KeyObject, type: string = PAYLOAD_TYPE): string {
  return sign(null, preAuthentication(payload, type), key).toString('base64')
}

/**
 * Whether a signature over a payload is good. The algorithm follows from the key that was registered, never from what was sent:
 * a key that is not Ed25519 verifies nothing.
 */
export function verifyBytes(payload: Uint8Array, sig: string, key: KeyObject, type: string = PAYLOAD_TYPE): boolean {
  if (key.type !== 'public' || key.asymmetricKeyType !== 'ed25519') return false
  const bytes = Buffer.from(sig, 'base64')
  return bytes.length === 64 && verify(null, preAuthentication(payload, type), key, bytes)
}

/** The envelope in a text and its payload. @throws ConfigError that says what is wrong, without repeating the text */
export function openEnvelope(text: string): { envelope: Envelope; payload: Buffer } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigError('the envelope is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`the envelope is not one of DSSE: ${issue?.path.join('.') || 'it'} ${issue?.message ?? ''}`)
  }
  const payload = Buffer.from(parsed.data.payload, 'base64')
  // Two spellings of the same bytes would be two submissions of one thing.
  if (payload.toString('base64') !== parsed.data.payload) throw new ConfigError('the payload is not canonical base64')
  return { envelope: parsed.data, payload }
}

/** What is signed: the type and the bytes with their lengths, so that neither can be taken for the other. */
function preAuthentication(payload: Uint8Array, type: string): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload])
}

/** A public key as text in one line: base64 of its SPKI. @throws ConfigError when it is not an Ed25519 key */
export function readPublicKey(text: string, what = 'the key'): KeyObject {
  let key: KeyObject
  try {
    key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
  } catch (error) {
    throw new ConfigError(`${what} cannot be read as a public key`, { cause: error, hint: 'harness key new' })
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new ConfigError(`${what} is of type ${key.asymmetricKeyType}; only Ed25519 is accepted`, {
      hint: 'harness key new',
    })
  return key
}
