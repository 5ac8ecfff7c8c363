import { basename, dirname, isAbsolute, resolve } from 'node:path'
import type { LoadedMatrix } from './load-matrix.ts'

/** What is known of images that are recipes or disks in files, by the text that names them in the matrix. */
export type ImageNames = ReadonlyMap<string, KnownImage>

export interface KnownImage {
  name: string
  /** Absolute path of the recipe or disk. */
  path: string
  distribution?: string
  release?: string
}

/** Every image of a matrix that is a file. What has been read of them is `known`; the rest is named after its file. */
export function knownImages(loaded: LoadedMatrix, known: ImageNames | undefined): ImageNames {
  return new Map(imagePaths(loaded).map((text) => [text, known?.get(text) ?? unread(loaded, text)]))
}

/** Texts of a matrix that name images by the path of a recipe or a disk. */
export function imagePaths({ matrix }: LoadedMatrix): string[] {
  const texts = [
    ...(matrix.axes['image'] ?? []),
    ...Object.values(matrix.platforms ?? {}).flatMap((platform) => platform.axes?.['image'] ?? []),
    ...(matrix.include ?? []).map((entry) => String(entry['image'])),
    ...Object.keys(matrix.images ?? {}),
  ]
  return [...new Set(texts.map((text) => text.replace(/^[+-]/, '')))].filter(isImagePath)
}

function unread(loaded: LoadedMatrix, text: string): KnownImage {
  const path = isAbsolute(text) ? text : resolve(dirname(loaded.file), text)
  return { name: basename(text).replace(FILE, ''), path }
}

/** Disks are told from names by the endings that tools give them. */
const DISK = /\.(?:qcow2|img|raw|vmdk|vhdx?)$/i
const FILE = /\.(?:ya?ml|qcow2|img|raw|vmdk|vhdx?)$/i

/** The name of an image: that of a recipe or disk where the text is the path of one. */
export function imageName(text: string, known: ImageNames | undefined): string {
  return known?.get(text)?.name ?? text
}

/** Whether a matrix means a recipe in a file. */
export function isRecipePath(text: string): boolean {
  return /\.ya?ml$/.test(text)
}

/** Whether a matrix means a disk image in a file. */
export function isDiskPath(text: string): boolean {
  return DISK.test(text)
}

/** Whether a matrix means a file. */
export function isImagePath(text: string): boolean {
  return isRecipePath(text) || isDiskPath(text)
}
