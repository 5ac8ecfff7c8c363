import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { buildDisk, catalogueNames, findEntry, findRecipe, getImage, recipes } from '../../images/index.ts'
import type { PlatformImage } from '../platform.ts'
import { missing } from './errors.ts'
import { nodeArchitecture } from '../../core/architecture.ts'
import { architectureOf, digestOf, openImageFile } from './image-file.ts'
import type { ImageFile } from './image-file.ts'

interface Resolving {
  signal?: AbortSignal | undefined
  onProgress?: ((line: string) => void) | undefined
  /** As Debian spells it. */
  architecture?: string | undefined
}

/** An image a machine can be made from, with what is known of it. */
export interface FoundImage extends PlatformImage {
  file: ImageFile
}

/** Prefix of a name that means the image its publisher offers, even if a recipe has that name. */
const OFFICIAL = 'official:'

/**
 * Finds a disk image: a file by its path, the disk of a recipe by name or YAML file (built when needed), or an official image by name
 * (downloaded and checked when needed).
 * @throws ConfigError for a file that is no usable disk image, PlatformError not-found
 */
export async function findImage(reference: string, options: Resolving): Promise<FoundImage> {
  const { signal, onProgress } = options
  const within = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
  const official = reference.startsWith(OFFICIAL)
  const name = official ? reference.slice(OFFICIAL.length) : reference
  const recipe = official ? undefined : findRecipe(name, options.architecture)
  if (recipe ?? (!official && /\.ya?ml$/.test(name))) {
    const { path, image } = await buildDisk(recipe ?? name, within)
    const { distribution, release, architecture, variant, description } = image.manifest
    return { ...(await describe(path, options)), distribution, release, architecture, variant, description }
  }
  if (!official && (looksLikePath(name) || (await exists(name)))) return await describe(name, options)
  const wanted = options.architecture === undefined ? {} : { arch: nodeArchitecture(options.architecture) }
  if (findEntry(name, wanted)) {
    const { path, architecture } = await getImage(name, { ...within, ...wanted })
    return { ...(await describe(path, options)), architecture, description: `${name}, as its publisher offers it` }
  }
  const names = [...new Set([...recipes.map((recipe) => recipe.name), ...catalogueNames()])]
  throw missing(
    `qemu has no image "${reference}"`,
    `give the path of a disk image, as ./debian.qcow2, or one of ${names.slice(0, 12).join(', ')}`,
  )
}

async function describe(path: string, { signal, onProgress }: Resolving): Promise<FoundImage> {
  const file = await openImageFile(path, signal)
  onProgress?.(`reading ${basename(path)}`)
  return {
    id: file.path,
    digest: await digestOf(file, signal),
    distribution: '',
    release: '',
    architecture: (await architectureOf(file, signal)) ?? '',
    variant: 'default',
    description: `${basename(path)}, ${file.format}`,
    file,
  }
}

function looksLikePath(reference: string): boolean {
  return /^\.{0,2}\//.test(reference) || /\.(?:qcow2?|img|raw|vmdk|vhdx?|vpc)$/i.test(reference)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
