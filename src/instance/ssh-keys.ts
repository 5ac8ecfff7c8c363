import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { registerSecret } from '../core/redact.ts'

/** An SSH key pair in OpenSSH formats. The private key is never written to disk by the harness unless a transport needs a file. */
export interface SshIdentity {
  /** One `authorized_keys` line. */
  publicKey: string
  /** An unencrypted `-----BEGIN OPENSSH PRIVATE KEY-----` block. */
  privateKey: string
}

/** A new ed25519 key pair. `comment` ends the public line and tells administrators where the key came from. */
export function newSshIdentity(comment: string): SshIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const blob = Buffer.concat([field('ssh-ed25519'), field(point)])
  const pem = openSshPrivateKey(blob, point, seed, comment)
  registerSecret(pem)
  return { publicKey: `ssh-ed25519 ${blob.toString('base64')} ${comment}`, privateKey: pem }
}

/** The `openssh-key-v1` container, as PROTOCOL.key of OpenSSH describes it, for one unencrypted ed25519 key. */
function openSshPrivateKey(publicBlob: Buffer, point: Buffer, seed: Buffer, comment: string): string {
  const check = randomBytes(4)
  const secret = [check, check, field('ssh-ed25519'), field(point), field(Buffer.concat([seed, point])), field(comment)]
  const length = secret.reduce((sum, part) => sum + part.length, 0)
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, index) => index + 1))
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    uint32(1),
    field(publicBlob),
    field(Buffer.concat([...secret, padding])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

function field(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
