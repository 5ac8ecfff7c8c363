import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { digestOf } from './digest.ts'

/** A key that signs, with the name others know it by. */
export interface SigningKey {
  id: string
  key: KeyObject
  /** Base64 of its SPKI, as a registration wants it. */
  publicKey: string
}

/** Makes an Ed25519 key and writes it to a file that only its owner can read. @throws ConfigError when the file exists */
export async function makeKey(path: string): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await mkdir(dirname(path), { recursive: true })
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(pem)
    await file.sync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new ConfigError(`${path} exists, and a key is never overwritten`, { hint: 'name another file' })
  }
  return signingKey(privateKey)
}

/** Reads a key. @throws ConfigError when it is missing, readable by others or not Ed25519 */
export async function readKey(path: string, hint = `make one: harness key new ${path}`): Promise<SigningKey> {
  const info = await stat(path).catch(() => undefined)
  if (!info) throw new ConfigError(`there is no key at ${path}`, { hint })
  if ((info.mode & 0o077) !== 0)
    throw new ConfigError(`${path} can be read by others`, {
      hint: `chmod 600 ${path}; replace the key when others had access`,
    })
  let key: KeyObject
  try {
    key = createPrivateKey(await readFile(path))
  } catch (error) {
    throw new ConfigError(`${path} is not a private key`, { hint, cause: error })
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new ConfigError(`${path} is a key of type ${key.asymmetricKeyType}; only Ed25519 is used`, { hint })
  return signingKey(key)
}

/** The name of a public key: a digest of it, so that nobody can choose it. */
export function keyId(publicKey: KeyObject): string {
  return digestOf(publicKey.export({ type: 'spki', format: 'der' }))
}

function signingKey(key: KeyObject): SigningKey {
  const publicKey = createPublicKey(key)
  return {
    id: keyId(publicKey),
    key,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}
