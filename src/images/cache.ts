import { link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HarnessError } from '../core/errors.ts'
import { cacheDir } from '../core/paths.ts'
import { waitUntil } from '../core/wait-until.ts'
import type { ImageManifest } from './manifest.ts'
import { isAlive, markText, ownMark, parseMark } from './process-mark.ts'
import { removeTree } from './user-namespace.ts'

const LOCK_DEADLINE_MS = 1_800_000

/** An image on the disk of this host. */
export interface BuiltImage {
  name: string
  /** Digest of the recipe and of the package versions: equal digests mean equal images. */
  digest: string
  dir: string
  /** Path of the squashfs file. */
  rootfs: string
  /** Path of the metadata archive LXD imports beside the rootfs. */
  metadata: string
  manifest: ImageManifest
}

/** Where built images are. */
export function imagesDir(): string {
  return join(cacheDir(), 'images')
}

/** An image by name and digest, or undefined when it is not complete in the cache. */
export async function findCached(name: string, digest: string): Promise<BuiltImage | undefined> {
  const dir = join(imagesDir(), name, digest)
  const text = await readFile(join(dir, 'manifest.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  return {
    name,
    digest,
    dir,
    rootfs: join(dir, 'rootfs.squashfs'),
    metadata: join(dir, 'metadata.tar.xz'),
    manifest: JSON.parse(text) as ImageManifest,
  }
}

/** Every complete image of the cache, newest build first within a name. */
export async function listCached(name?: string): Promise<BuiltImage[]> {
  const names = name === undefined ? await directories(imagesDir()) : [name]
  const images: BuiltImage[] = []
  for (const each of names.sort()) {
    const found = await Promise.all(
      (await directories(join(imagesDir(), each))).map((digest) => findCached(each, digest)),
    )
    images.push(
      ...found
        .filter((image) => image !== undefined)
        .sort((a, b) => b.manifest.builtAt.localeCompare(a.manifest.builtAt)),
    )
  }
  return images
}

/** What an earlier build found for this state of the archives. */
export async function readReference(name: string, key: string): Promise<string | undefined> {
  const text = await readFile(join(imagesDir(), name, '.refs', key), 'utf8').catch(() => undefined)
  return text?.trim()
}

/** Remembers that this state of the archives leads to that image. Older references of the name go. */
export async function writeReference(name: string, key: string, digest: string): Promise<void> {
  const dir = join(imagesDir(), name, '.refs')
  await mkdir(dir, { recursive: true })
  const fresh = join(dir, `.${markText(ownMark())}`)
  await writeFile(fresh, `${digest}\n`)
  await rename(fresh, join(dir, key))
}

/** A directory for a build in progress, on the file system of the cache. Gone when disposed; a killed build's is removed by `removeStaleBuilds`. */
export async function openWorkDir(label: string): Promise<AsyncDisposable & { path: string }> {
  const parent = join(imagesDir(), '.tmp')
  const path = join(parent, `${label}.${markText(ownMark())}.${Math.random().toString(36).slice(2, 8)}`)
  await mkdir(path, { recursive: true })
  return { path, [Symbol.asyncDispose]: () => removeTree(path).catch(() => {}) }
}

/** Work directories whose process is gone. */
export async function findStaleBuilds(): Promise<string[]> {
  const parent = join(imagesDir(), '.tmp')
  const stale = (await directories(parent, true)).filter((name) => {
    const mark = parseMark(/\.(\d+-\d+)\.[a-z0-9]+$/.exec(name)?.[1] ?? '')
    return mark === undefined || !isAlive(mark)
  })
  return stale.map((name) => join(parent, name))
}

/** Removes what killed builds left. */
export async function removeStaleBuilds(): Promise<string[]> {
  const stale = await findStaleBuilds()
  for (const path of stale) await removeTree(path)
  return stale
}

/** Puts a finished work directory in its place in one step. When another build was faster, its result stays. */
export async function publish(workDir: string, name: string, digest: string, replace: boolean): Promise<BuiltImage> {
  const target = join(imagesDir(), name, digest)
  await mkdir(join(imagesDir(), name), { recursive: true })
  // moved away first, so that the name leads nowhere only for a moment
  const old = `${workDir}.old`
  if (replace) await rename(target, old).catch(() => {})
  await rename(workDir, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  if (replace) await rm(old, { recursive: true, force: true })
  const image = await findCached(name, digest)
  if (!image) throw new CacheError(`the image ${name} was built, and is not at ${target}`)
  return image
}

/** One build of a name at a time on this host. A lock of a process that is gone is taken over. */
export async function lock(
  name: string,
  options: { signal?: AbortSignal; onProgress?: (line: string) => void },
): Promise<AsyncDisposable> {
  await mkdir(imagesDir(), { recursive: true })
  const path = join(imagesDir(), `.${name}.lock`)
  const own = join(imagesDir(), `.${name}.${markText(ownMark())}.${Math.random().toString(36).slice(2, 8)}`)
  await writeFile(own, markText(ownMark()))
  let attempt: Promise<number | undefined> = Promise.resolve(0)
  try {
    await waitUntil(
      {
        what: `the build of ${name} by another process`,
        deadlineMs: LOCK_DEADLINE_MS,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      async () => {
        attempt = take(own, path)
        const holder = await attempt
        if (holder === undefined) return { done: true, value: undefined }
        options.onProgress?.(`waiting for the build of ${name} by process ${holder}`)
        return { done: false, saw: `held by process ${holder}` }
      },
    )
  } catch (error) {
    // an attempt that was under way when the wait ended may have succeeded since
    if ((await attempt.catch(() => 0)) === undefined) await rm(path, { force: true })
    throw error
  } finally {
    await rm(own, { force: true })
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

/** Something is wrong with the image cache itself. */
export class CacheError extends HarnessError {
  readonly blame = 'host'
}

async function take(own: string, path: string): Promise<number | undefined> {
  try {
    await link(own, path)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const mark = parseMark(await readFile(path, 'utf8').catch(() => ''))
  if (mark && isAlive(mark)) return mark.pid
  await rm(path, { force: true })
  return mark?.pid ?? 0
}

async function directories(path: string, hidden = false): Promise<string[]> {
  const names = await readdir(path).catch(() => [])
  const kinds = await Promise.all(
    names.map(async (name) =>
      (hidden || !name.startsWith('.')) && (await stat(join(path, name)).catch(() => undefined))?.isDirectory()
        ? [name]
        : [],
    ),
  )
  return kinds.flat()
}
