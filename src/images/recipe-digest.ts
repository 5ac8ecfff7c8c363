import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../core/errors.ts'
import { finishScript } from './finish.ts'
import type { Recipe } from './recipe.ts'

/** Raise it when the builder changes what comes out of the same recipe in a way its last script does not show. */
const BUILDER_REVISION = 1

/**
 * SHA-256 (hex) of everything a recipe says, with the content of the local files it names.
 * @throws ConfigError when such a file cannot be read.
 */
export async function recipeDigest(recipe: Recipe): Promise<string> {
  const files = await Promise.all(
    recipe.files.map(async (file) => ({
      path: file.path,
      mode: file.mode ?? 0o644,
      content: file.source === undefined ? sha256(file.content ?? '') : sha256(await readSource(file.source)),
    })),
  )
  // what only a disk gets is part of the recipe of the disk
  const { disk: _, ...plain } = recipe
  return sha256(JSON.stringify({ builder: BUILDER_REVISION, finish: finishScript(0), ...plain, files }))
}

/** Bytes of a local file that a recipe puts into the image. */
export async function readSource(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new ConfigError(`cannot read ${path}, which the recipe puts into the image`, { cause })
  })
}

/** SHA-256 of text or bytes, in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
