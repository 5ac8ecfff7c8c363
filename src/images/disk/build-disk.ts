import { access, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { formatMs } from '../../core/duration.ts'
import { UnsupportedError } from '../../core/errors.ts'
import { buildImage } from '../build.ts'
import type { BuildOptions } from '../build.ts'
import type { BuiltImage } from '../cache.ts'
import { lock, openWorkDir } from '../cache.ts'
import { loadRecipe } from '../find-recipe.ts'
import type { Recipe } from '../recipe.ts'
import { readFromSquashfs } from '../squashfs.ts'
import { convertDisk } from './disk-format.ts'
import type { DiskFormat } from './disk-format.ts'
import { diskRecipe } from './disk-recipe.ts'
import { makeRawDisk } from './make-disk.ts'

/** Raise it when the same root file system becomes another disk. */
const LAYOUT_REVISION = 2

export interface DiskBuildOptions extends BuildOptions {
  /** Default `qcow2`. */
  format?: DiskFormat
}

/** A disk that boots by itself, on this host. */
export interface BuiltDisk {
  path: string
  format: DiskFormat
  /** The root file system it was made of, with its manifest. */
  image: BuiltImage
}

/**
 * The disk of a recipe: from the cache when nothing has changed, else built. The same packages, files and scripts as the image for
 * containers, with a kernel and a boot loader.
 * @param reference name of a recipe, path of a YAML recipe, or a recipe.
 * @throws ConfigError for an unknown recipe, UnsupportedError when no boot loader is known for its architecture, and what `buildImage` throws.
 */
export async function buildDisk(reference: string | Recipe, options: DiskBuildOptions = {}): Promise<BuiltDisk> {
  const recipe = typeof reference === 'string' ? await loadRecipe(reference) : reference
  return await diskOf(await buildImage(diskRecipe(recipe), options), options)
}

/**
 * The disk of a root file system that has a kernel in it: that of a built disk, or an overlay on one.
 * @throws UnsupportedError when there is no kernel in it.
 */
export async function diskOf(image: BuiltImage, options: DiskBuildOptions = {}): Promise<BuiltDisk> {
  const format = options.format ?? 'qcow2'
  const signal = options.signal
  await using _ = await lock(image.name, options)
  const qcow2 = join(image.dir, `disk-${LAYOUT_REVISION}.qcow2`)
  if (options.rebuild || !(await exists(qcow2))) await makeDisk(image, qcow2, options)
  const path = format === 'qcow2' ? qcow2 : join(image.dir, `disk-${LAYOUT_REVISION}.${format}`)
  if (format !== 'qcow2' && (options.rebuild || !(await exists(path)))) {
    options.onProgress?.(`writing ${format}`)
    await convertDisk({ path: qcow2, format: 'qcow2' }, { path, format }, signal)
  }
  return { path, format, image }
}

async function makeDisk(image: BuiltImage, qcow2: string, { onProgress, signal }: DiskBuildOptions): Promise<void> {
  const within = signal ? { signal } : {}
  if ((await readFromSquashfs(image.rootfs, '/boot/grub/grub.cfg', signal)) === undefined) {
    throw new UnsupportedError(`${image.name} has no boot loader, so no disk can be made of it`, {
      hint: 'build its base with --format qcow2',
    })
  }
  const started = performance.now()
  onProgress?.('making the disk')
  await using work = await openWorkDir(image.name)
  await chmod(work.path, 0o755)
  const raw = await makeRawDisk(image.rootfs, { manifest: image.manifest, workDir: work.path, ...within })
  onProgress?.('packing the disk')
  await convertDisk({ path: raw, format: 'raw' }, { path: qcow2, format: 'qcow2' }, signal)
  onProgress?.(`made the disk in ${formatMs(performance.now() - started)}`)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
