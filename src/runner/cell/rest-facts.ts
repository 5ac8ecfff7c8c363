import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { cacheDir } from '../../core/paths.ts'
import { collectFactsAtRest } from '../../instance/facts/collect.ts'
import { formatFacts } from '../../instance/facts/format-facts.ts'
import type { PlatformImage } from '../../platforms/platform.ts'
import type { Session } from '../../platforms/session.ts'
import { keepFacts } from './gather.ts'
import type { CellStage } from './cell-stage.ts'
import type { Prepared } from './prepare.ts'

/** Facts of the image as it lies, never booted. Images with a digest are looked at once; the facts are cached. */
export async function gatherRest(
  stage: CellStage,
  session: Session,
  image: PlatformImage,
  prepared: Prepared,
): Promise<void> {
  prepared.restFacts = await stage.step('rest-facts', async () => {
    const key = image.digest ?? image.id
    const text = await stage.run.restFacts.get(key, () => cached(image.digest, () => open(stage, session, image)))
    return await keepFacts(stage, { subject: 'image', phase: 'rest', file: 'image-rest' }, text)
  })
}

async function open(stage: CellStage, session: Session, image: PlatformImage): Promise<string> {
  const { signal } = stage
  await using rest = await session.openImageAtRest(image.id, { signal })
  return formatFacts(await collectFactsAtRest(rest.root, { signal, enter: rest.enter }))
}

async function cached(digest: string | undefined, make: () => Promise<string>): Promise<string> {
  if (digest === undefined) return await make()
  const name = createHash('sha256')
    .update(`${digest}\n${await gathererDigest()}`)
    .digest('hex')
  const path = join(cacheDir(), 'rest-facts', `${name}.json`)
  const known = await readFile(path, 'utf8').catch(() => undefined)
  if (known !== undefined) return known
  const text = await make()
  await mkdir(join(cacheDir(), 'rest-facts'), { recursive: true })
  const partial = `${path}.${process.pid}`
  await writeFile(partial, text)
  await rename(partial, path)
  return text
}

let gatherer: Promise<string> | undefined

/** Facts are cached for as long as the code that makes them stays the same. */
function gathererDigest(): Promise<string> {
  gatherer ??= (async () => {
    const folder = new URL('../../instance/facts/', import.meta.url)
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(ts|js|sh)$/.test(name)).sort()
    const hash = createHash('sha256')
    for (const name of names) hash.update(name).update(await readFile(new URL(name, folder)))
    return hash.digest('hex')
  })()
  return gatherer
}
