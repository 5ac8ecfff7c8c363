import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import {
  buildImage,
  catalogueNames,
  findEntry,
  findRecipe,
  listAllFetched,
  listCached,
  openAtRest,
  recipes,
} from '../images/index.ts'
import { collectFactsAtRest } from '../instance/facts/collect.ts'
import type { Facts } from '../instance/facts/facts.ts'
import { readFacts } from '../instance/facts/read-facts.ts'

/** What is inspected or compared: an image with its files, or recorded facts alone. */
export interface Subject extends AsyncDisposable {
  /** As the user named it. */
  name: string
  facts: Facts
  image?: OpenedImage
}

export interface OpenedImage {
  /** The file or folder that was opened. */
  path: string
  /** Bytes of that file; absent for a folder. */
  bytes: number | undefined
  /** Path of its `/` on this host. */
  root: string
  /** Words before a command that reads it. */
  enter: readonly string[]
}

interface Opening {
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/**
 * Opens what a user names: a facts file, an image file or folder, a recipe (built when needed), or an image in the cache.
 * Disposing takes away what opening made.
 * @throws ConfigError for what is none of these, and what opening an image throws
 */
export async function openSubject(name: string, options: Opening = {}): Promise<Subject> {
  const info = await stat(name).catch(() => undefined)
  if (info?.isFile() && name.endsWith('.json')) {
    const facts = readFacts(await readFile(name, 'utf8'), name)
    return { name, facts, [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const path = await pathOf(name, info !== undefined, options)
  await using cleanup = new AsyncDisposableStack()
  options.onProgress?.(`opening ${path}`)
  const within = options.signal ? { signal: options.signal } : {}
  const rest = cleanup.use(await openAtRest(path, within))
  options.onProgress?.('gathering facts')
  const facts = await collectFactsAtRest(rest.root, { enter: rest.enter, ...within })
  const opened = await stat(path)
  const bytes = opened.isFile() ? opened.size : undefined
  const all = cleanup.move()
  const image = { path, bytes, root: rest.root, enter: rest.enter }
  return { name, facts, image, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function pathOf(name: string, exists: boolean, options: Opening): Promise<string> {
  if (exists && !/\.ya?ml$/.test(name)) {
    // the folder of a built image holds its root file system as one file
    const built = join(name, 'rootfs.squashfs')
    return resolve((await stat(built).catch(() => undefined))?.isFile() ? built : name)
  }
  if (findRecipe(name) || /\.ya?ml$/.test(name)) return (await buildImage(name, options)).rootfs
  const fetched = (await listAllFetched()).find((image) => image.name === name)
  if (fetched) return fetched.path
  const [cached] = /^[a-z0-9][a-z0-9.-]*$/.test(name) ? await listCached(name) : []
  if (cached) return cached.rootfs
  if (!name.includes('/') && findEntry(name)) {
    throw new ConfigError(`${name} was not downloaded yet`, { hint: `harness image get ${name}` })
  }
  throw new ConfigError(`there is no image and no file "${name}"`, {
    hint: `give the path of an image or of a facts file, or one of ${[...new Set([...recipes.map((recipe) => recipe.name), ...catalogueNames()])].slice(0, 8).join(', ')}, ...`,
  })
}
