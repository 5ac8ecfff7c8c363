import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPublicKey } from '../publish/envelope.ts'
import { readKey } from '../publish/keys.ts'
import { PLACES } from './places.ts'

/**
 * The key by which an archive is proven. A copy of an archive has the public part only: it can be read and proven, and nothing can be
 * added to it.
 * @throws ConfigError when there is neither
 */
export async function archiveKey(folder: string): Promise<KeyObject> {
  const file = join(folder, PLACES.publicKey)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text !== undefined) return readPublicKey(text.trim(), file)
  return createPublicKey((await readKey(join(folder, PLACES.key))).key)
}
