import { access, readFile, readdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, PrerequisiteError } from '../../core/errors.ts'

/** Whose signatures count for a distribution: files that packages of this host bring. */
export interface TrustAnchor {
  /** The distribution, as its folder below the user's keys is called. */
  name: string
  /** Keyrings, binary or armoured; those that are there are used. */
  files: readonly string[]
  /** What brings them: a command, or what to do, as the beginning of a sentence. */
  bring: string
}

/** Where a user puts keys of a distribution: `$XDG_CONFIG_HOME/harness/keys/NAME/`. */
export function userKeysDir(name: string): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'harness', 'keys', name)
}

/**
 * Files with the keys to check a signature by: those the caller names and nothing else, else those of the user and of the host.
 * @throws ConfigError when a named file cannot be read, PrerequisiteError when there is none, with what would bring one
 */
export async function findKeyrings(anchor: TrustAnchor, named: readonly string[] = []): Promise<string[]> {
  for (const file of named) {
    await access(file).catch((cause: unknown) => {
      throw new ConfigError(`cannot read the keyring ${file}`, { cause })
    })
  }
  if (named.length > 0) return [...named]
  const own = userKeysDir(anchor.name)
  const names = (await readdir(own).catch((): string[] => [])).filter((name) => /\.(?:gpg|pgp|asc|key|pub)$/.test(name))
  const brought = await Promise.all(
    anchor.files.map(async (file) =>
      (await access(file).then(
        () => true,
        () => false,
      ))
        ? [file]
        : [],
    ),
  )
  const found = [...names.sort().map((name) => join(own, name)), ...brought.flat()]
  if (found.length > 0) return found
  throw new PrerequisiteError(`there is no key to check a signature of ${anchor.name} by`, {
    hint: `${anchor.bring}, or put the key of ${anchor.name} into ${own}/, or name it with --keyring`,
  })
}

/** Keyrings as gpgv reads them: armoured ones are unpacked into `dir`. @throws ConfigError when a file holds no keys */
export async function binaryKeyrings(files: readonly string[], dir: string): Promise<string[]> {
  return await Promise.all(
    files.map(async (file, index) => {
      const data = await readFile(file)
      if (!data.subarray(0, 4096).includes('-----BEGIN PGP')) return file
      const target = join(dir, `keyring-${index}.gpg`)
      await writeFile(target, dearmour(data.toString('latin1'), file))
      return target
    }),
  )
}

/** The bytes inside of ASCII armour; several blocks are joined. */
function dearmour(text: string, file: string): Buffer {
  const blocks = [
    ...text.matchAll(/-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(.*?)-----END PGP PUBLIC KEY BLOCK-----/gs),
  ]
  const bytes = blocks.map((block) => {
    const lines = (block[1] ?? '').split(/\r?\n/)
    const body = lines.slice(lines.findIndex((line) => line.trim() === '') + 1)
    // the last line is a sum for lines that lose characters; gpgv checks what matters
    return Buffer.from(body.filter((line) => !line.startsWith('=')).join(''), 'base64')
  })
  if (bytes.every((block) => block.length === 0)) throw new ConfigError(`${file} holds no public key`)
  return Buffer.concat(bytes)
}
