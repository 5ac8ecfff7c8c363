import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { makeKey, type SigningKey } from '../publish/keys.ts'
import { PLACES } from './places.ts'

/** Makes the folder of a new archive: its key, and a place for registrations. @throws ConfigError when there is one */
export async function initArchive(folder: string): Promise<SigningKey> {
  if (await stat(join(folder, PLACES.key)).catch(() => undefined))
    throw new ConfigError(`${folder} is an archive already`)
  await mkdir(join(folder, PLACES.submitters), { recursive: true })
  const key = await makeKey(join(folder, PLACES.key))
  await writeFile(join(folder, PLACES.publicKey), `${key.publicKey}\n`)
  return key
}

/** Registers a key, for everything: the submitter of an archive that only its owner uses. @throws ConfigError when the id is taken */
export async function registerOwner(folder: string, id: string, key: SigningKey, today = new Date()): Promise<string> {
  const path = join(folder, PLACES.submitters, `${id}.yaml`)
  const until = new Date(today.getTime() + 365 * 86_400_000).toISOString().slice(0, 10)
  const text = `id: ${id}
display: ${id}
contact: whoever runs this archive
roles: [results, waivers, approvals, operator]
scopes: [{cells: '*', images: '*'}]
keys:
  - {public: ${key.publicKey}, until: ${until}}
`
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new ConfigError(`${path} exists`, { hint: 'choose another name, or add the key to that file' })
  }
  return path
}
