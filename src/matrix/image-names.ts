import { basename, dirname, isAbsolute, resolve } from 'node:path'
import type { LoadedMatrix } from './load-matrix.ts'

/** What is known of images that are recipes in files, by the text that names them in the matrix. */
export type ImageNames = ReadonlyMap<string, KnownImage>

export interface KnownImage {
  name: string
  /** Absolute path of the recipe. */
  path: string
  distribution?: string
  release?: string
}

/** Every image of a matrix that is a recipe in a file. What has been read of them is `known`; the rest is named after its file. */
export function knownImages(loaded: LoadedMatrix, known: ImageNames | undefined): ImageNames {
  return new Map(recipePaths(loaded).map((text) => [text, known?.get(text) ?? unread(loaded, text)]))
}

/** Texts of a matrix that name images by the path of a recipe. */
export function recipePaths({ matrix }: LoadedMatrix): string[] {
  const texts = [
    ...(matrix.axes['image'] ?? []),
    ...Object.values(matrix.platforms ?? {}).flatMap((platform) => platform.axes?.['image'] ?? []),
    ...(matrix.include ?? []).map((entry) => String(entry['image'])),
    ...Object.keys(matrix.images ?? {}),
  ]
  return [...new Set(texts.map((text) => text.replace(/^[+-]/, '')))].filter(isRecipePath)
}

function unread(loaded: LoadedMatrix, text: string): KnownImage {
  const path = isAbsolute(text) ? text : resolve(dirname(loaded.file), text)
  return { name: basename(text).replace(/\.ya?ml$/, ''), path }
}

/** The name of an image: that of a recipe where the text is the path of one. */
export function imageName(text: string, known: ImageNames | undefined): string {
  return known?.get(text)?.name ?? text
}

/** Whether a matrix means a recipe in a file. */
export function isRecipePath(text: string): boolean {
  return /\.ya?ml$/.test(text)
}
