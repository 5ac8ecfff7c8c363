import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { formatMs } from '../core/duration.ts'
import { CancelledError, HarnessError, PrerequisiteError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import type { AptRoot, ResolvedDeb } from './apt-root.ts'
import {
  downloadPackages,
  newestBuildTime,
  openAptRoot,
  pruneArchives,
  refreshIndices,
  resolvePackages,
} from './apt-root.ts'
import type { BuiltImage } from './cache.ts'
import {
  findCached,
  imagesDir,
  listCached,
  lock,
  openWorkDir,
  publish,
  readReference,
  removeStaleBuilds,
  writeReference,
} from './cache.ts'
import { loadRecipe } from './find-recipe.ts'
import { readHostSources, useHostMirrors } from './host-archives.ts'
import { packLxdMetadata } from './lxd-metadata.ts'
import type { ImageManifest } from './manifest.ts'
import { parseDpkgStatus, serialOf } from './manifest.ts'
import { bootstrap } from './mmdebstrap.ts'
import { progressOf } from './progress.ts'
import type { Recipe, RecipeArchive } from './recipe.ts'
import { recipeDigest, sha256 } from './recipe-digest.ts'
import { countInodes, readFromSquashfs, tarToSquashfs } from './squashfs.ts'

export interface BuildOptions {
  /** Build even when the cache has this very image. */
  rebuild?: boolean
  /** Be content with what the archives said a few minutes ago. */
  reuseIndices?: boolean
  /** One short line for people, at every step. */
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/** An archive state: which packages there are to choose from. */
interface Prepared {
  recipe: Recipe
  digest: string
  archives: readonly RecipeArchive[]
  apt: AptRoot
  /** Recipe and archive state. */
  key: string
}

/**
 * The image of a recipe: from the cache when neither the recipe nor a package of its suites has changed, else built with mmdebstrap.
 * When the archives cannot be reached, the newest image of that recipe in the cache is used, and a line says so.
 * @param reference name of a recipe, path of a YAML recipe, or a recipe.
 * @throws ConfigError for an unknown recipe, PrerequisiteError when a tool is missing, SubprocessError when the build fails, CancelledError.
 */
export async function buildImage(reference: string | Recipe, options: BuildOptions = {}): Promise<BuiltImage> {
  const recipe = typeof reference === 'string' ? await loadRecipe(reference) : reference
  const digest = await recipeDigest(recipe)
  await using _ = await lock(recipe.name, options)
  await removeStaleBuilds()
  const prepared = await prepare(recipe, digest, options).catch(async (error: unknown) => {
    const cached =
      options.rebuild || error instanceof CancelledError
        ? undefined
        : (await listCached(recipe.name)).find((image) => image.manifest.recipeDigest === digest)
    if (!cached) throw error
    options.onProgress?.(
      `warning: the archives cannot be read (${firstLine(error)}); using the image built ${cached.manifest.builtAt}`,
    )
    return cached
  })
  if ('manifest' in prepared) return prepared
  if (!options.rebuild) {
    const known = await readReference(recipe.name, prepared.key)
    const cached = known === undefined ? undefined : await findCached(recipe.name, known)
    if (cached) return cached
  }
  options.onProgress?.('resolving packages')
  const debs = await resolvePackages(prepared.apt, recipe, aptOptions(options))
  const image = imageDigest(digest, debs)
  const same = options.rebuild ? undefined : await findCached(recipe.name, image)
  const result = same ?? (await build(prepared, debs, image, options))
  await writeReference(recipe.name, prepared.key, image)
  return result
}

async function prepare(recipe: Recipe, digest: string, options: BuildOptions): Promise<Prepared> {
  const reuse = options.reuseIndices === true && !options.rebuild
  if (!reuse) options.onProgress?.('reading package indices')
  const mirrored = useHostMirrors(recipe.archives, await readHostSources())
  const attempts =
    JSON.stringify(mirrored) === JSON.stringify(recipe.archives) ? [recipe.archives] : [mirrored, recipe.archives]
  let failure: unknown
  for (const archives of attempts) {
    const apt = await openAptRoot(recipe, archives)
    try {
      const state = await refreshIndices(apt, { ...aptOptions(options), reuse })
      return { recipe, digest, archives, apt, key: sha256(`${digest}\n${state}`).slice(0, 32) }
    } catch (error) {
      if (error instanceof CancelledError) throw error
      failure ??= error
    }
  }
  throw failure
}

async function build(
  prepared: Prepared,
  debs: readonly ResolvedDeb[],
  digest: string,
  options: BuildOptions,
): Promise<BuiltImage> {
  const started = performance.now()
  const { recipe, apt } = prepared
  const signal = options.signal ? { signal: options.signal } : {}
  await using work = await openWorkDir(recipe.name)
  await chmod(work.path, 0o755)
  const log = createWriteStream(join(work.path, 'build.log'))
  const onLine = progressOf(debs.length, (line) => options.onProgress?.(line))
  const note = (line: string) => {
    log.write(`${redact(line)}\n`)
    onLine(line)
  }
  try {
    options.onProgress?.(`downloading ${debs.length} packages`)
    await downloadPackages(apt, recipe, { ...signal, onLine: note })
    await pruneArchives(apt, debs)
    const epoch = await newestBuildTime(apt, debs)
    options.onProgress?.('unpacking the base system')
    const tar = await bootstrap({ ...prepared, debs, epoch, workDir: work.path, onLine: note, ...signal })
    options.onProgress?.('packing the root file system')
    const out = join(work.path, 'image')
    const rootfs = join(work.path, 'rootfs.squashfs')
    const metadata = join(work.path, 'metadata.tar.xz')
    await tarToSquashfs(tar, rootfs, { epoch, workDir: work.path, ...signal })
    await packLxdMetadata(recipe, epoch, work.path, metadata, options.signal)
    const manifest = await describe({
      recipe,
      digest,
      recipeDigest: prepared.digest,
      epoch,
      rootfs,
      metadata,
      durationMs: performance.now() - started,
    })
    log.end()
    await once(log, 'close')
    await collect(
      work.path,
      out,
      { 'rootfs.squashfs': rootfs, 'metadata.tar.xz': metadata, 'build.log': join(work.path, 'build.log') },
      manifest,
    )
    const image = await publish(out, recipe.name, digest, options.rebuild ?? false)
    options.onProgress?.(`built ${recipe.name} ${digest.slice(0, 12)} in ${formatMs(performance.now() - started)}`)
    return image
  } catch (error) {
    if (error instanceof CancelledError) throw error
    throw await buildError(recipe.name, join(work.path, 'build.log'), error)
  } finally {
    log.destroy()
  }
}

/** Moves finished files into `out` beside their manifest. */
export async function collect(
  workDir: string,
  out: string,
  files: Record<string, string>,
  manifest: ImageManifest,
): Promise<void> {
  await rm(join(workDir, 'debs'), { recursive: true, force: true })
  await mkdir(out)
  for (const [name, path] of Object.entries(files)) await rename(path, join(out, name))
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

interface Described {
  recipe: Omit<Recipe, 'archives' | 'packages' | 'files' | 'scripts'>
  digest: string
  recipeDigest: string
  epoch: number
  rootfs: string
  metadata: string
  durationMs: number
  base?: string
}

/** The manifest of a finished root file system, read from that file system. */
export async function describe({ recipe, rootfs, metadata, ...rest }: Described): Promise<ImageManifest> {
  const { packages, installed } = parseDpkgStatus((await readFromSquashfs(rootfs, '/var/lib/dpkg/status')) ?? '')
  const { name, description, distribution, release, codename, variant, architecture } = recipe
  return {
    schema: 1,
    name,
    digest: rest.digest,
    recipeDigest: rest.recipeDigest,
    description,
    distribution,
    release,
    codename,
    variant,
    architecture,
    epoch: rest.epoch,
    serial: serialOf(rest.epoch),
    packages,
    files: await countInodes(rootfs),
    sizes: { rootfs: (await stat(rootfs)).size, metadata: (await stat(metadata)).size, installed },
    sha256: { rootfs: await fileSha256(rootfs), metadata: await fileSha256(metadata) },
    builtAt: new Date().toISOString(),
    durationMs: Math.round(rest.durationMs),
    ...(rest.base === undefined ? {} : { base: rest.base }),
  }
}

/** The build of an image failed. The log of the build is kept. */
export class ImageBuildError extends HarnessError {
  readonly blame = 'host'
  readonly evidence: string

  constructor(message: string, evidence: string, details: { cause: unknown; hint: string }) {
    super(message, details)
    this.evidence = evidence
  }
}

async function buildError(name: string, log: string, cause: unknown): Promise<ImageBuildError | PrerequisiteError> {
  if (cause instanceof PrerequisiteError) return cause
  const kept = join(imagesDir(), `${name}.failed.log`)
  await copyFile(log, kept).catch(() => {})
  const lines = (await readFile(kept, 'utf8').catch(() => '')).trim().split('\n')
  // the first complaint is the reason; what follows is mmdebstrap taking itself apart
  const reason = lines.findLast(
    (line) =>
      /^(?:E|W): (?!mmdebstrap failed|main\(\)|setup failed)|(?:error|failed|cannot|denied|No such file)/i.test(line) &&
      !/^E: mmdebstrap failed/.test(line),
  )
  return new ImageBuildError(
    `the image ${name} could not be built: ${reason ?? firstLine(cause)}`,
    lines.slice(-40).join('\n'),
    { cause, hint: `read ${kept}` },
  )
}

function imageDigest(recipe: string, debs: readonly ResolvedDeb[]): string {
  return sha256([recipe, ...debs.map(({ file }) => file)].join('\n'))
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function aptOptions({ signal }: BuildOptions): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? ''
}
