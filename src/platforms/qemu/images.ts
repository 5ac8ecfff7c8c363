import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PlatformImage } from '../platform.ts'
import { missing } from './errors.ts'
import { architectureOf, digestOf, openImageFile } from './image-file.ts'
import type { ImageFile } from './image-file.ts'

interface Resolving {
  signal?: AbortSignal | undefined
  onProgress?: ((line: string) => void) | undefined
}

/** An image a machine can be made from, with what is known of it. */
export interface FoundImage extends PlatformImage {
  file: ImageFile
}

/**
 * Finds a disk image: a file by its path.
 * @throws ConfigError for a file that is no usable disk image, PlatformError not-found
 */
export async function findImage(reference: string, options: Resolving): Promise<FoundImage> {
  if (!looksLikePath(reference) && !(await exists(reference)))
    throw missing(`qemu has no image "${reference}"`, 'give the path of a disk image: ./debian.qcow2')
  return await describe(reference, options)
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
