import { createHash } from 'node:crypto'
import type {
  DeleteKeyPairRequest,
  DeleteKeyPairResult,
  DescribeKeyPairsRequest,
  DescribeKeyPairsResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered } from './filters.ts'
import type { Call } from './world.ts'
import { tagsFor } from './world.ts'

export async function importKeyPair(input: ImportKeyPairRequest, { world }: Call): Promise<ImportKeyPairResult> {
  const { KeyName = '' } = input
  const material = Buffer.from(input.PublicKeyMaterial ?? [])
    .toString('utf8')
    .trim()
  if (!/^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+=*( .*)?$/.test(material))
    throw new ApiError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')
  if (world.keys.all().some(({ data }) => data.KeyName === KeyName))
    throw new ApiError('InvalidKeyPair.Duplicate', `The keypair already exists`)
  const KeyPairId = world.id('key')
  const KeyFingerprint = createHash('sha256').update(material).digest('base64')
  const Tags = tagsFor('key-pair', input.TagSpecifications)
  world.keys.add(KeyPairId, { material, data: { KeyPairId, KeyName, KeyFingerprint, KeyType: 'ed25519', Tags } })
  return { KeyName, KeyPairId, KeyFingerprint, Tags }
}

export async function describeKeyPairs(
  input: DescribeKeyPairsRequest,
  { world }: Call,
): Promise<DescribeKeyPairsResult> {
  const all = world.keys.list(input.KeyPairIds)
  const named = input.KeyNames ? all.filter(({ data }) => input.KeyNames?.includes(data.KeyName ?? '')) : all
  if (input.KeyNames && named.length < input.KeyNames.length)
    throw new ApiError('InvalidKeyPair.NotFound', `The key pair '${input.KeyNames.join(',')}' does not exist`)
  const KeyPairs = filtered(
    named.map(({ data }) => data),
    input.Filters,
    { 'key-name': ({ KeyName }) => [KeyName], 'key-pair-id': ({ KeyPairId }) => [KeyPairId] },
  )
  return { KeyPairs }
}

/** One that is gone is fine. */
export async function deleteKeyPair(input: DeleteKeyPairRequest, { world }: Call): Promise<DeleteKeyPairResult> {
  const key = world.keys.all().find(({ data }) => data.KeyName === input.KeyName || data.KeyPairId === input.KeyPairId)
  if (key) world.keys.delete(key.data.KeyPairId ?? '')
  return { Return: true, ...(key ? { KeyPairId: key.data.KeyPairId } : {}) }
}
