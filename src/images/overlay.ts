import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, collect } from './build.ts'
import type { BuiltImage } from './cache.ts'
import { findCached, lock, openWorkDir, publish } from './cache.ts'
import { packLxdMetadata } from './lxd-metadata.ts'
import type { RecipeFile } from './recipe.ts'
import { assertName } from './recipe.ts'
import { recipeDigest, sha256 } from './recipe-digest.ts'
import { overlaySquashfs } from './squashfs.ts'
import { stageFiles } from './staging.ts'

/** A change to a finished image that needs no package. */
export interface Overlay {
  /** Name of the image that comes out. */
  name: string
  description: string
  files?: readonly RecipeFile[]
  /**
   * POSIX sh run on the host with the root of the image as `$tree`, under `set -eu`. It runs nothing of the image, and links in the
   * image lead out of it: write through none.
   */
  edits?: readonly string[]
}

export interface OverlayOptions {
  rebuild?: boolean
  onProgress?: (line: string) => void
  signal?: AbortSignal
}

/** A new image: `base` with the overlay on top. Takes seconds, is cached like any other image, and says in its manifest what it is based on. */
export async function buildOverlay(
  base: BuiltImage,
  overlay: Overlay,
  options: OverlayOptions = {},
): Promise<BuiltImage> {
  assertName(overlay.name)
  const started = performance.now()
  const { distribution, release, codename, architecture, epoch } = base.manifest
  const identity = {
    name: overlay.name,
    description: overlay.description,
    distribution,
    release,
    codename,
    architecture,
    variant: overlay.name,
  }
  const recipe = { ...identity, archives: [], packages: [], files: overlay.files ?? [], scripts: [] }
  const own = sha256([await recipeDigest(recipe), ...(overlay.edits ?? [])].join('\n'))
  const digest = sha256(`${own}\n${base.digest}\n${base.manifest.sha256.rootfs}`)
  await using _ = await lock(overlay.name, options)
  const cached = options.rebuild ? undefined : await findCached(overlay.name, digest)
  if (cached) return cached
  await using work = await openWorkDir(overlay.name)
  await chmod(work.path, 0o755)
  const signal = options.signal ? { signal: options.signal } : {}
  const files = join(work.path, 'files.tar')
  await stageFiles(recipe, epoch, work.path, files)
  options.onProgress?.(`laying ${overlay.name} over ${base.name}`)
  const rootfs = join(work.path, 'rootfs.squashfs')
  const metadata = join(work.path, 'metadata.tar.xz')
  await overlaySquashfs(base.rootfs, files, overlay.edits ?? [], rootfs, { epoch, workDir: work.path, ...signal })
  await packLxdMetadata(recipe, epoch, work.path, metadata, options.signal)
  const durationMs = performance.now() - started
  const manifest = await describe({
    recipe,
    digest,
    recipeDigest: own,
    epoch,
    rootfs,
    metadata,
    durationMs,
    base: base.digest,
  })
  const out = join(work.path, 'image')
  await collect(work.path, out, { 'rootfs.squashfs': rootfs, 'metadata.tar.xz': metadata }, manifest)
  return await publish(out, overlay.name, digest, options.rebuild ?? false)
}
